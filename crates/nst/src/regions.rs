//! What becomes of a mask's regions: `red=1,blue=2+3,black=keep`.

use crate::FlatColor;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What becomes of a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// It stays as the content picture is.
    Keep,
    /// It takes its style from these of the style pictures, counted from 1: from their regions of the same color, or from all of
    /// those that have none.
    Styles(Vec<usize>),
}

/// What becomes of regions, by their color in the mask; those that are not named take every style. Written as `color=role,...`,
/// where a role is `keep` or numbers of styles with `+` between.
///
/// ```
/// use nst::config::{Regions, Role};
///
/// let regions: Regions = "red=1,#0080ff=2+3,black=keep".parse()?;
/// assert_eq!(regions.role("red".parse()?), Some(&Role::Styles(vec![1])));
/// assert_eq!(regions.role("black".parse()?), Some(&Role::Keep));
/// assert_eq!(regions.role("white".parse()?), None);
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Regions(Vec<(FlatColor, Role)>);

impl Regions {
    /// What becomes of the region of a color, if it is named.
    pub fn role(&self, color: FlatColor) -> Option<&Role> {
        self.0.iter().find(|(known, _)| *known == color).map(|(_, role)| role)
    }

    /// The colors that are named.
    pub fn colors(&self) -> impl Iterator<Item = FlatColor> + '_ {
        self.0.iter().map(|(color, _)| *color)
    }

    /// The greatest number of a style.
    pub(crate) fn most_styles(&self) -> usize {
        let numbers = self.0.iter().filter_map(|(_, role)| match role {
            Role::Styles(styles) => styles.iter().copied().max(),
            Role::Keep => None,
        });
        numbers.max().unwrap_or(0)
    }

    /// Whether none is named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for Regions {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut regions = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (color, role) = part
                .split_once('=')
                .ok_or_else(|| format!("'{part}': say COLOR=STYLE or COLOR=keep, such as red=1"))?;
            let color: FlatColor = color.trim().parse()?;
            if regions.iter().any(|(known, _)| *known == color) {
                return Err(format!("region {color} is named twice"));
            }
            regions.push((color, role.trim().parse()?));
        }
        Ok(Self(regions))
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "keep" {
            return Ok(Self::Keep);
        }
        let number = |text: &str| text.trim().parse().ok().filter(|&number: &usize| number > 0);
        let styles: Option<Vec<usize>> = text.split('+').map(number).collect();
        let mut styles = styles.ok_or_else(|| {
            format!("'{text}' says neither 'keep' nor which styles, such as 1 or 2+3, counted from 1")
        })?;
        styles.sort_unstable();
        styles.dedup();
        Ok(Self::Styles(styles))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep => f.write_str("keep"),
            Self::Styles(styles) => {
                f.write_str(&styles.iter().map(usize::to_string).collect::<Vec<_>>().join("+"))
            }
        }
    }
}

impl TryFrom<String> for Regions {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Regions> for String {
    fn from(regions: Regions) -> Self {
        regions.0.iter().map(|(color, role)| format!("{color}={role}")).collect::<Vec<_>>().join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::Regions;

    #[test]
    fn regions_are_written_as_they_are_read() {
        for text in ["", "red=1", "#102030=keep,blue=1+3", "white=2,black=keep"] {
            assert_eq!(String::from(text.parse::<Regions>().unwrap()), text);
        }
        let again: Regions = " #FF0000 = 3+1+1 ".parse().unwrap();
        assert_eq!(String::from(again), "red=1+3");
    }

    #[test]
    fn what_is_no_region_is_refused() {
        for (text, problem) in [
            ("red", "say COLOR=STYLE"),
            ("rot=1", "is no color"),
            ("#12345=1", "is no color"),
            ("#+12345=1", "is no color"),
            ("red=0", "counted from 1"),
            ("red=kept", "counted from 1"),
            ("red=1,red=2", "twice"),
            ("red=1,#ff0000=2", "twice"),
        ] {
            let error = text.parse::<Regions>().unwrap_err();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }
}
