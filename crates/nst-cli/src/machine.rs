//! What the operating system tells of the machine and of this process; Linux alone does so without further ado.

/// The CPU, as its maker calls it.
pub(crate) fn cpu() -> Option<String> {
    field("/proc/cpuinfo", "model name")
}

/// The most bytes of memory that this process has ever had.
pub(crate) fn peak_resident_bytes() -> Option<usize> {
    let kibibytes = field("/proc/self/status", "VmHWM")?;
    Some(kibibytes.strip_suffix(" kB")?.parse::<usize>().ok()? * 1024)
}

/// The value of the first line `name : value`.
fn field(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let mut fields = text.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(found, _)| found.trim() == name).map(|(_, value)| value.trim().to_owned())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::peak_resident_bytes;

    #[test]
    fn the_peak_is_at_least_what_was_written() {
        let written = std::hint::black_box(vec![1u8; 64 << 20]);
        assert!(peak_resident_bytes().unwrap() >= written.len());
    }
}
