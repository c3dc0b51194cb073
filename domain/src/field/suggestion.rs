//! Did you mean?

/// Longer words are no slips of the pen, and cost too much to compare.
const LONGEST: usize = 64;

/// The word that was probably meant.
pub(super) fn closest<'a>(written: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if written.len() > LONGEST {
        return None;
    }
    let plain = |word: &str| word.to_lowercase().replace(['_', '-'], "");
    let meant = plain(written);
    let near = words.map(|word| (distance(&meant, &plain(word)), word));
    let (steps, word) = near.min_by_key(|(steps, _)| *steps)?;
    (steps <= meant.chars().count() / 3).then_some(word)
}

/// How many letters must be put in, left out, changed or swapped with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let changed = last[j] + usize::from(a != b);
            let mut steps = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                steps = steps.min(before[j - 1] + 1);
            }
            row.push(steps);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: [&str; 5] = ["repository", "revision", "selfHeal", "prune", "ref"];

    #[test]
    fn a_slip_of_the_pen_finds_what_was_meant() {
        for (written, meant) in [
            ("repositry", Some("repository")),
            ("self_heal", Some("selfHeal")),
            ("SelfHeal", Some("selfHeal")),
            ("prnue", Some("prune")),
            ("rfe", Some("ref")),
            ("banana", None),
            ("", None),
        ] {
            assert_eq!(closest(written, FIELDS.into_iter()), meant, "{written}");
        }
        assert_eq!(closest(&"r".repeat(100_000), FIELDS.into_iter()), None);
    }
}
