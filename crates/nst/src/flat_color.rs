//! Colors that tell a mask's regions apart.

use std::fmt;
use std::str::FromStr;

/// A color of 8 bits a channel. Written as one of eight names or `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlatColor(pub [u8; 3]);

const NAMES: [(&str, FlatColor); 8] = [
    ("black", FlatColor([0, 0, 0])),
    ("white", FlatColor([255, 255, 255])),
    ("red", FlatColor([255, 0, 0])),
    ("green", FlatColor([0, 255, 0])),
    ("blue", FlatColor([0, 0, 255])),
    ("yellow", FlatColor([255, 255, 0])),
    ("cyan", FlatColor([0, 255, 255])),
    ("magenta", FlatColor([255, 0, 255])),
];

impl FlatColor {
    /// Squared distance in RGB.
    pub(crate) fn distance(self, other: Self) -> u32 {
        self.0.iter().zip(other.0).map(|(&a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
    }
}

impl FromStr for FlatColor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((_, color)) = NAMES.iter().find(|(name, _)| *name == text) {
            return Ok(*color);
        }
        let is_hexadecimal =
            |digits: &&str| digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let digits = text.strip_prefix('#').filter(is_hexadecimal);
        let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let [_, red, green, blue] = number.map(u32::to_be_bytes).ok_or_else(|| {
            let names = NAMES.map(|(name, _)| name).join(", ");
            format!("'{text}' is no color; colors are {names} or #rrggbb")
        })?;
        Ok(Self([red, green, blue]))
    }
}

impl fmt::Display for FlatColor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        match NAMES.iter().find(|(_, color)| color == self) {
            Some((name, _)) => f.write_str(name),
            None => write!(f, "#{red:02x}{green:02x}{blue:02x}"),
        }
    }
}
