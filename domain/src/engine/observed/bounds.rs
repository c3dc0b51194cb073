//! What keeps a report small enough for a row, an event and a screen.

use serde::Serialize;

use super::report::Report;
use super::wording::shortened;

/// Bytes of a report, as JSON.
pub const LARGEST: usize = 256 * 1024;

const MOST_CONDITIONS: usize = 20;
const MOST_IMAGES: usize = 100;
const MOST_URLS: usize = 20;
/// As many as a deployment may ask for.
const MOST_HISTORY: usize = 20;
const MOST_SOURCES: usize = 10;
/// Of names, images, URLs: Kubernetes has none that are longer, but annotations and digests may be.
const LONGEST_TEXT: usize = 512;
/// Of what is left when the rest is in, results of the last sync get so much at most; resources get what they leave.
const SHARE_OF_RESULTS: usize = 3;
/// Between two entries.
const COMMA: usize = 1;

/// The same report, with as much of it as fits.
pub(super) fn fit(mut report: Report) -> Report {
    trim(&mut report);
    let results = report.operation.as_mut().map(|operation| std::mem::take(&mut operation.results));
    let resources = std::mem::take(&mut report.resources);
    // `truncated` may yet become true, which is shorter.
    let left = LARGEST.saturating_sub(size(&report));
    let (results, used) = beginning(results.unwrap_or_default(), left / SHARE_OF_RESULTS);
    let (resources, _) = beginning(resources, left - used);
    report.truncated |= resources.len() < report.counts.total;
    if let Some(operation) = &mut report.operation {
        report.truncated |= results.len() < operation.results_total;
        operation.results = results;
    }
    report.resources = resources;
    report
}

/// What can be long though nobody needs it to be.
fn trim(report: &mut Report) {
    let Report { sync, operation, conditions, images, urls, history, truncated, .. } = report;
    *truncated |= cut(conditions, MOST_CONDITIONS) | cut(images, MOST_IMAGES) | cut(urls, MOST_URLS);
    *truncated |= cut(history, MOST_HISTORY);
    images.iter_mut().chain(urls).for_each(|text| *text = shortened(text, LONGEST_TEXT));
    let revisions =
        [&mut sync.revisions].into_iter().chain(operation.iter_mut().map(|one| &mut one.revisions));
    let revisions = revisions.chain(history.iter_mut().map(|entry| &mut entry.revisions));
    for revisions in revisions {
        cut(revisions, MOST_SOURCES);
        revisions.iter_mut().for_each(|revision| *revision = shortened(revision, LONGEST_TEXT));
    }
    let sources = sync.compared_to.iter_mut().map(|compared| &mut compared.sources);
    for sources in sources.chain(history.iter_mut().map(|entry| &mut entry.sources)) {
        cut(sources, MOST_SOURCES);
    }
}

/// Whether something was cut off.
fn cut<T>(list: &mut Vec<T>, most: usize) -> bool {
    let long = list.len() > most;
    list.truncate(most);
    long
}

/// As many of the first entries as fit into so many bytes, and how many they take.
fn beginning<T: Serialize>(mut list: Vec<T>, room: usize) -> (Vec<T>, usize) {
    let mut used = 0;
    let mut count = 0;
    for entry in &list {
        let more = size(entry) + COMMA;
        if used + more > room {
            break;
        }
        used += more;
        count += 1;
    }
    list.truncate(count);
    (list, used)
}

fn size<T: Serialize>(value: &T) -> usize {
    serde_json::to_vec(value).map_or(LARGEST, |bytes| bytes.len())
}
