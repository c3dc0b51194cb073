//! Who has a port, by the kernel's own tables: a person wants a name, not "address in use".

use std::path::Path;

/// A sentence about the process that listens on this port.
pub(super) fn of(port: u16) -> String {
    let Some(inode) = listening_socket(port) else {
        return "nobody listens there now; a testbed on this machine may hold it".to_owned();
    };
    let socket = format!("socket:[{inode}]");
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut numbered = processes.map(|entry| entry.path()).filter(|process| is_number(process));
    let holder = numbered.find(|process| holds(process, &socket));
    match holder {
        Some(process) => {
            let command = std::fs::read(process.join("cmdline")).unwrap_or_default();
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            let pid = process.file_name().unwrap_or_default().to_string_lossy().into_owned();
            format!("process {pid}: {}", command.trim())
        }
        None => "a process of another user".to_owned(),
    }
}

/// The inode of the socket that listens on the port, on any address.
fn listening_socket(port: u16) -> Option<u64> {
    const LISTENING: &str = "0A";
    let suffix = format!(":{port:04X}");
    ["/proc/net/tcp", "/proc/net/tcp6"].iter().find_map(|table| {
        std::fs::read_to_string(table).ok()?.lines().skip(1).find_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let listens = fields.get(1)?.ends_with(&suffix) && *fields.get(3)? == LISTENING;
            if listens { fields.get(9)?.parse().ok() } else { None }
        })
    })
}

fn holds(process: &Path, socket: &str) -> bool {
    let files = std::fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
    files.filter_map(|file| std::fs::read_link(file.path()).ok()).any(|target| target.as_os_str() == socket)
}

/// Not `/proc/self`, which is a process under another name.
fn is_number(process: &Path) -> bool {
    process.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.parse::<u32>().is_ok())
}
