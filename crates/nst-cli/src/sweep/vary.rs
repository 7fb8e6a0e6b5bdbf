//! A setting and the values that it takes: `--vary style-weight=30,100,300`.

use crate::failure::usage;
use anyhow::Result;
use nst::Config;
use std::str::FromStr;
use toml::{Table, Value};

/// A setting and its values, as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Vary {
    pub(super) name: String,
    pub(super) values: Vec<String>,
}

impl FromStr for Vary {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, values) =
            text.split_once('=').ok_or("say which setting and which values, such as style-weight=30,100")?;
        let separator = if values.contains(';') { ';' } else { ',' };
        let values: Vec<String> = values.split(separator).map(|value| value.trim().to_owned()).collect();
        if values.iter().any(String::is_empty) {
            return Err("a value is empty");
        }
        Ok(Self { name: name.trim().to_owned(), values })
    }
}

impl Vary {
    /// The values as the settings take them.
    ///
    /// # Errors
    /// If there is no such setting, or a value is none for it or comes twice.
    pub(super) fn readings(&self, base: &Config) -> Result<Vec<Value>> {
        let Self { name, .. } = self;
        if name.is_empty() {
            return Err(usage("--vary: name a setting, such as style-weight=30,100"));
        }
        let mut known: Vec<Config> = Vec::new();
        let mut readings = Vec::new();
        for text in &self.values {
            let (reading, config) = self.reading(base, text)?;
            if known.contains(&config) {
                return Err(usage(format!(
                    "--vary {name}: '{text}' makes the same settings as a value before it"
                )));
            }
            known.push(config);
            readings.push(reading);
        }
        Ok(readings)
    }

    /// A value as a configuration file would have it: as TOML, as text, or as a list, whichever the setting takes.
    fn reading(&self, base: &Config, text: &str) -> Result<(Value, Config)> {
        let of_file = |text: &str| format!("value = {text}").parse::<Table>().ok()?.remove("value");
        let readings = [of_file(text), Some(Value::String(text.to_owned())), of_file(&format!("[{text}]"))];
        let mut refused = None;
        for reading in readings.into_iter().flatten() {
            match base.overlay(&Table::from_iter([(self.name.clone(), reading.clone())])) {
                Ok(config) => return Ok((reading, config)),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        let problem = refused.map(|error| error.to_string()).unwrap_or_default();
        if problem.starts_with("unknown field") {
            let name = &self.name;
            return Err(usage(format!(
                "--vary: there is no setting '{name}'; `nst presets default` shows them all"
            )));
        }
        Err(usage(format!("--vary {}={text}: {problem}", self.name)))
    }
}

#[cfg(test)]
mod tests {
    use super::Vary;
    use nst::Config;

    fn vary(text: &str) -> Vary {
        text.parse().unwrap()
    }

    #[test]
    fn values_are_separated_by_commas_or_semicolons() {
        assert_eq!(vary("seed=1,2, 3").values, ["1", "2", "3"]);
        assert_eq!(vary("style-blend=1,0;0,1").values, ["1,0", "0,1"]);
        assert_eq!(vary("regions=red=1;red=2").values, ["red=1", "red=2"]);
        for text in ["seed", "seed=", "seed=1,,2", "seed=1,"] {
            assert!(text.parse::<Vary>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_kind_of_setting_takes_its_values() {
        for (text, fields) in [
            ("style-weight=1e2,250", "style-weight = 250.0"),
            ("seed=1,2", "seed = 2"),
            ("style-loss=gram,moments", "style-loss = \"moments\""),
            ("scales=1,auto,3", "scales = \"3\""),
            ("scales=1;128,256", "scales = \"128,256\""),
            ("style-blend=1,0;2,1", "style-blend = [2.0, 1.0]"),
            ("scale-iterations=9,8", "scale-iterations = [8]"),
            ("time-limit=90s,10m", "time-limit = \"10m\""),
            ("style-layers=relu1_1;relu1_1,relu2_1=0.5", "style-layers = \"relu1_1,relu2_1=0.5\""),
            ("init=content,7", "init = \"7\""),
            ("weights=a b.pth;c\\d.pth", "weights = 'c\\d.pth'"),
        ] {
            let vary = vary(text);
            let readings = vary.readings(&Config::default()).unwrap();
            let last = toml::Table::from_iter([(vary.name, readings.last().unwrap().clone())]);
            let expected = Config::default().overlay(&fields.parse().unwrap()).unwrap();
            assert_eq!(Config::default().overlay(&last).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_setting_or_value_is_refused() {
        for (text, words) in [
            ("sise=1,2", "no setting 'sise'"),
            ("=1,2", "name a setting"),
            ("seed=1,x", "seed=x: "),
            ("style-loss=gram,grams", "style-loss=grams: "),
            ("style-weight=10,1e1", "'1e1' makes the same settings"),
        ] {
            let problem = vary(text).readings(&Config::default()).unwrap_err().to_string();
            assert!(problem.contains(words), "{text}: {problem}");
        }
    }
}
