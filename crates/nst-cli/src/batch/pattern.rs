//! Names of outputs, by a pattern.

use std::path::PathBuf;
use std::str::FromStr;

/// A path with fields in braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Content,
    Style,
    Index,
}

/// What the fields stand for.
pub(crate) struct Fields<'a> {
    /// The name of the content picture, without its extension.
    pub(crate) content: &'a str,
    /// That of the style.
    pub(crate) style: &'a str,
    /// The number of the picture, from 1.
    pub(crate) index: usize,
    /// Of how many, which says how many digits a number has.
    pub(crate) count: usize,
}

impl Pattern {
    /// The path with its fields filled in.
    pub(crate) fn path(&self, fields: &Fields<'_>) -> PathBuf {
        let digits = fields.count.to_string().len();
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Content => fields.content.to_owned(),
            Part::Style => fields.style.to_owned(),
            Part::Index => format!("{:0digits$}", fields.index),
        });
        parts.collect::<String>().into()
    }
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (field, after) = after.split_once('}').ok_or("there is no } to a {")?;
            parts.push(Part::Text(before.into()));
            parts.push(match field {
                "content" => Part::Content,
                "style" => Part::Style,
                "index" => Part::Index,
                _ => {
                    return Err(format!(
                        "there is no field {{{field}}}; fields are {{content}}, {{style}} and {{index}}"
                    ));
                }
            });
            rest = after;
        }
        parts.push(Part::Text(rest.into()));
        Ok(Self(parts))
    }
}

#[cfg(test)]
mod tests {
    use super::{Fields, Pattern};
    use std::path::Path;

    #[test]
    fn fields_are_filled_in() {
        let fields = Fields { content: "cat.v2", style: "a{b}", index: 7, count: 120 };
        for (pattern, path) in [
            ("out/{content}-{style}.png", "out/cat.v2-a{b}.png"),
            ("{index}.jpg", "007.jpg"),
            ("{style}/{content}{content}.tif", "a{b}/cat.v2cat.v2.tif"),
            ("plain.png", "plain.png"),
        ] {
            assert_eq!(pattern.parse::<Pattern>().unwrap().path(&fields), Path::new(path));
        }
    }

    #[test]
    fn other_fields_are_refused() {
        for text in ["{contents}.png", "{}.png", "{content.png", "{Content}.png"] {
            assert!(text.parse::<Pattern>().is_err(), "{text}");
        }
    }
}
