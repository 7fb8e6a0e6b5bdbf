//! Layers and what each counts: `relu1_1,relu4_1=0.5`.

use nst_vgg::Layer;
use std::fmt;
use std::str::FromStr;

/// Some layers, each with a factor on its loss. Written as `name[=weight],...`; a weight left out is 1.
///
/// ```
/// use nst::LayerWeights;
///
/// let layers: LayerWeights = "relu1_1,relu4_1=0.5".parse()?;
/// assert_eq!(layers.iter().map(|(_, weight)| weight).collect::<Vec<_>>(), [1.0, 0.5]);
/// assert_eq!(layers.to_string(), "relu1_1,relu4_1=0.5");
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct LayerWeights(Vec<(Layer, f64)>);

impl LayerWeights {
    /// The layers with their weights, in the order they were written.
    pub fn iter(&self) -> impl Iterator<Item = (Layer, f64)> + '_ {
        self.0.iter().copied()
    }

    /// The layers that count: those of weight above 0, with their weights.
    pub fn used(&self) -> impl Iterator<Item = (Layer, f64)> + '_ {
        self.iter().filter(|(_, weight)| *weight > 0.0)
    }
}

impl FromStr for LayerWeights {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut pairs: Vec<(Layer, f64)> = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, weight) =
                part.split_once('=').map_or((part, "1"), |(name, weight)| (name.trim(), weight.trim()));
            let layer: Layer = name.parse().map_err(|error: nst_vgg::Error| error.to_string())?;
            let weight: f64 = weight.parse().map_err(|_| format!("layer {name}: '{weight}' is no number"))?;
            if !weight.is_finite() || weight < 0.0 {
                return Err(format!("layer {name}: the weight must be 0 or more and finite, got {weight}"));
            }
            if pairs.iter().any(|(known, _)| *known == layer) {
                return Err(format!("layer {name} is named twice"));
            }
            pairs.push((layer, weight));
        }
        if pairs.is_empty() {
            return Err("name at least one layer, as in relu4_2 or relu1_1=0.5,relu2_1".into());
        }
        Ok(Self(pairs))
    }
}

impl TryFrom<String> for LayerWeights {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<LayerWeights> for String {
    fn from(layers: LayerWeights) -> Self {
        layers.to_string()
    }
}

impl fmt::Display for LayerWeights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (layer, weight)) in self.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            if weight == 1.0 { write!(f, "{comma}{layer}")? } else { write!(f, "{comma}{layer}={weight}")? }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::LayerWeights;

    #[test]
    fn what_is_no_list_of_layers_is_refused() {
        for (text, problem) in [
            ("", "at least one layer"),
            ("relu9_1", "unknown layer 'relu9_1'"),
            ("relu1_1=x", "'x' is no number"),
            ("relu1_1=nan", "finite"),
            ("relu1_1=-1", "0 or more"),
            ("relu1_1,relu1_1=2", "twice"),
        ] {
            let error = text.parse::<LayerWeights>().unwrap_err();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }
}
