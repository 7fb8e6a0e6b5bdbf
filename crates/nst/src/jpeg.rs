//! Whether a JPEG file is whole.

/// Bytes after a marker that belong to it alone: no length follows.
const RESTART: std::ops::RangeInclusive<u8> = 0xD0..=0xD7;
const START_OF_IMAGE: u8 = 0xD8;
const END_OF_IMAGE: u8 = 0xD9;
/// Also without a length.
const TEMPORARY: u8 = 0x01;

/// Whether the end marker is there (ITU-T T.81, annex B). Segments are passed over by their lengths, for one may hold a
/// thumbnail with an end of its own; compressed data hold none. What follows the end does not matter.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    let mut at = 0;
    while let Some(&[first, second]) = bytes.get(at..at + 2) {
        match (first, second) {
            (0xFF, END_OF_IMAGE) => return true,
            // Compressed data, or padding before a marker.
            (0..0xFF, _) | (0xFF, 0xFF) => at += 1,
            // An escaped byte of compressed data, or a marker that stands alone.
            (_, 0 | TEMPORARY | START_OF_IMAGE) => at += 2,
            (_, marker) if RESTART.contains(&marker) => at += 2,
            _ => match bytes.get(at + 2..at + 4) {
                Some(&[high, low]) => at += 2 + usize::from(u16::from_be_bytes([high, low])),
                _ => return false,
            },
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::is_whole;

    #[test]
    fn the_end_counts_where_it_ends_the_picture() {
        // A start, a segment of two bytes that look like an end, compressed data with an escape and a restart, an end.
        let whole = [
            0xFF, 0xD8, 0xFF, 0xE1, 0, 4, 0xFF, 0xD9, 0xFF, 0xDA, 0, 2, 7, 0xFF, 0, 0xFF, 0xD3, 9, 0xFF, 0xD9,
        ];
        assert!(is_whole(&whole));
        assert!(is_whole(&[&whole[..], b"appended"].concat()));
        for length in 0..whole.len() {
            assert!(!is_whole(&whole[..length]), "{length}");
        }
    }
}
