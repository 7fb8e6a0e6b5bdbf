//! The network.

use crate::{Architecture, Error, Layer, Pixels, Result};
use nst_autodiff::Var;
use nst_tensor::{Activation, Border, Device, Epilogue, Filter, Padding, Pooling, Tensor};
use nst_weights::Weights;

/// The convolutional part of a VGG, as far as it was loaded, on a device.
#[derive(Debug)]
pub struct Vgg {
    architecture: Architecture,
    pixels: Pixels,
    pooling: Pooling,
    /// What stands around the image.
    padding: Padding,
    /// In network order; shorter than the architecture if only some layers were loaded.
    convolutions: Vec<(Layer, Filter, Tensor)>,
}

impl Vgg {
    /// Loads the network up to the deepest of `layers` onto a device. The networks were trained with
    /// [`Pooling::Max`]; Gatys, Ecker and Bethge found [`Pooling::Average`] to give more appealing pictures.
    ///
    /// # Errors
    /// If the architecture lacks one of the layers, or the device fails.
    pub fn load(weights: &Weights, device: &Device, pooling: Pooling, layers: &[Layer]) -> Result<Self> {
        let architecture = weights.architecture;
        let deepest = layers.iter().max();
        let convolutions = Layer::convolutions(architecture)
            .zip(&weights.convolutions)
            .take_while(|(place, _)| {
                deepest.is_some_and(|deepest| *place <= deepest.convolution(architecture))
            })
            .map(|(place, convolution)| {
                let filter = Filter::new(&Tensor::new(device, convolution.shape, &convolution.filter)?)?;
                let bias = Tensor::new(device, [convolution.bias.len()], &convolution.bias)?;
                Ok((place, filter, bias))
            })
            .collect::<Result<_>>()?;
        let padding = Padding::Zero;
        let vgg = Self { architecture, pixels: weights.pixels, pooling, padding, convolutions };
        layers.iter().try_for_each(|&layer| vgg.has(layer))?;
        Ok(vgg)
    }

    /// With something else around the image, where the first convolution reaches beyond it. The networks were trained with
    /// zeros there (the mean color), which draw an edge that is not in the picture; crowsonkb's style-transfer-pytorch repeats
    /// the picture's own ([`Padding::Edge`]). The convolutions after it see zeros around their feature maps all the same.
    #[must_use]
    pub fn padded(self, padding: Padding) -> Self {
        Self { padding, ..self }
    }

    /// Which network it is.
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// The pixels it expects.
    pub fn pixels(&self) -> Pixels {
        self.pixels
    }

    /// The activations of `layers`, in their order, for images `[batch, height, width, 3]` of the pixels the network
    /// expects. Computes nothing beyond the deepest of them.
    ///
    /// # Errors
    /// If a layer was not loaded, the image is too small for one, or the device fails.
    pub fn features(&self, image: &Var, layers: &[Layer]) -> Result<Vec<Var>> {
        let mut found: Vec<Option<Var>> = layers.iter().map(|_| None).collect();
        self.visit(image, layers, |index, features| -> Result<()> {
            found[index] = Some(features);
            Ok(())
        })?;
        found.into_iter().zip(layers).map(|(var, &layer)| var.ok_or_else(|| self.missing(layer))).collect()
    }

    /// As [`Vgg::features`], one layer after the other in the network's order: `found(index, activations)` is called with
    /// the index in `layers` as soon as they are computed. What is made of them then comes between the convolutions on the
    /// tape, too, so that a backward pass needs the gradient of one layer at a time.
    ///
    /// # Errors
    /// As [`Vgg::features`], or what `found` returns.
    pub fn visit<E: From<Error>>(
        &self,
        image: &Var,
        layers: &[Layer],
        mut found: impl FnMut(usize, Var) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        self.check(image, layers)?;
        let Some(&deepest) = layers.iter().max() else { return Ok(()) };
        let mut keep = |place: Layer, x: &Var| {
            let wanted = layers.iter().enumerate().filter(|(_, layer)| **layer == place);
            wanted.map(|(index, _)| index).try_for_each(|index| found(index, x.clone()))
        };
        let mut x = image.clone();
        // Padding that the convolution does not do itself.
        let repeats = self.padding == Padding::Edge && !self.convolutions.is_empty();
        if repeats {
            let border = Border { top: 1, bottom: 1, left: 1, right: 1 };
            x = x.pad(border, Padding::Edge).map_err(Error::from)?;
        }
        for (index, (place, filter, bias)) in self.convolutions.iter().enumerate() {
            if deepest < *place {
                break;
            }
            let pool = Layer::pool(place.block());
            let pooling = (place.ends_block(self.architecture) && deepest >= pool).then_some(self.pooling);
            let padding = usize::from(index > 0 || !repeats);
            let convolve = |activation, pooling| {
                x.conv2d(filter, padding, Epilogue { bias: Some(bias), activation, pooling })
                    .map_err(Error::from)
            };
            if layers.contains(place) {
                x = convolve(Activation::Identity, None)?;
                keep(*place, &x)?;
                if deepest == *place {
                    break;
                }
                x = x.relu().map_err(Error::from)?;
            } else if pooling.is_some() && !layers.contains(&place.activated()) {
                x = convolve(Activation::Relu, pooling)?;
                keep(pool, &x)?;
                continue;
            } else {
                x = convolve(Activation::Relu, None)?;
            }
            keep(place.activated(), &x)?;
            if let Some(pooling) = pooling {
                x = x.pool2d(pooling).map_err(Error::from)?;
                keep(pool, &x)?;
            }
        }
        Ok(())
    }

    fn check(&self, image: &Var, layers: &[Layer]) -> Result<()> {
        let [_, height, width, _] = image.value().shape().nhwc("features")?;
        for &layer in layers {
            self.has(layer)?;
            let minimum = layer.minimum_side();
            if width < minimum || height < minimum {
                return Err(Error::TooSmall { width, height, layer, minimum });
            }
        }
        Ok(())
    }

    fn has(&self, layer: Layer) -> Result<()> {
        let needed = layer.convolution(self.architecture);
        let loaded = self.convolutions.iter().any(|(place, ..)| *place == needed);
        if loaded { Ok(()) } else { Err(self.missing(layer)) }
    }

    fn missing(&self, layer: Layer) -> Error {
        let deepest = self.convolutions.last().map_or(Layer::conv(1, 1), |(last, ..)| last.activated());
        Error::MissingLayer { architecture: self.architecture, layer, deepest }
    }
}

#[cfg(test)]
mod tests {
    use super::Vgg;
    use crate::Layer;
    use approx::assert_relative_eq;
    use nst_autodiff::Var;
    use nst_tensor::{Device, Padding, Pooling, Tensor};
    use nst_weights::{ReadOptions, Weights};

    fn layer(name: &str) -> Layer {
        name.parse().unwrap()
    }

    #[test]
    fn layers_come_in_the_networks_order_and_are_the_same_whatever_is_fused() {
        let device = Device::cpu();
        let pixels: Vec<f32> = (0..16 * 18 * 3).map(|i| ((i * 37) % 255) as f32 - 120.0).collect();
        let image = Var::constant(Tensor::new(&device, [1, 16, 18, 3], &pixels).unwrap());
        let weights = Weights::embedded().unwrap();
        let layers = ["pool1", "relu2_1", "conv1_2", "relu1_2", "pool1"].map(layer);
        for pooling in [Pooling::Max, Pooling::Average] {
            let vgg = Vgg::load(&weights, &device, pooling, &layers).unwrap();
            let mut order = Vec::new();
            vgg.visit(&image, &layers, |index, features| -> crate::Result<()> {
                order.push(index);
                let alone = vgg.features(&image, &layers[index..=index])?;
                assert_relative_eq!(
                    features.value().to_vec()?[..],
                    alone[0].value().to_vec()?[..],
                    max_relative = 1e-5,
                    epsilon = 1e-3
                );
                Ok(())
            })
            .unwrap();
            assert_eq!(order, [2, 3, 0, 4, 1]);
        }
        let vgg = Vgg::load(&weights, &device, Pooling::Max, &layers).unwrap();
        let mut calls = 0;
        let stopped = vgg.visit(&image, &layers, |_, _| {
            calls += 1;
            Err(crate::Error::UnknownLayer("enough".into()))
        });
        assert!(stopped.is_err() && calls == 1);
    }

    /// Of a picture of one color, whose surroundings are the same then, a layer has one value everywhere.
    #[test]
    fn a_repeated_edge_is_no_edge() {
        let device = Device::cpu();
        let image = Var::constant(Tensor::full(&device, [1, 6, 5, 3], 90.0).unwrap());
        let weights = Weights::embedded().unwrap();
        let layers = ["relu1_1", "relu1_2"].map(layer);
        let spread = |padding: Padding, index: usize| {
            let vgg = Vgg::load(&weights, &device, Pooling::Max, &layers).unwrap().padded(padding);
            let features = vgg.features(&image, &layers).unwrap()[index].value().clone();
            assert_eq!(features.shape().dims(), [1, 6, 5, 64]);
            let values = features.to_vec().unwrap();
            let corner = values[..64].iter().cycle();
            values.iter().zip(corner).map(|(value, corner)| (value - corner).abs()).fold(0.0, f32::max)
        };
        assert!(spread(Padding::Zero, 0) > 1.0);
        assert!(spread(Padding::Edge, 0) < 1e-3);
        // The second convolution has zeros around it as ever.
        assert!(spread(Padding::Edge, 1) > 1.0);
    }

    #[test]
    fn what_was_not_loaded_is_refused_rather_than_approximated() {
        let device = Device::cpu();
        let image = Var::constant(Tensor::full(&device, [1, 16, 16, 3], 1.0).unwrap());
        let weights = Weights::embedded().unwrap();
        let vgg = Vgg::load(&weights, &device, Pooling::Max, &[layer("relu2_1")]).unwrap();
        for name in ["relu2_2", "pool2", "conv5_1"] {
            let error = vgg.features(&image, &[layer(name)]).unwrap_err().to_string();
            assert_eq!(error, format!("vgg16 as loaded has no layer {name}; its deepest is relu2_1"));
        }
        let pooled = Vgg::load(&weights, &device, Pooling::Max, &[layer("pool2")]).unwrap();
        assert_eq!(
            pooled.features(&image, &[layer("pool2")]).unwrap()[0].value().shape().dims(),
            [1, 4, 4, 128]
        );
        let first =
            Weights::embedded_with(&ReadOptions { convolutions: Some(3), ..Default::default() }).unwrap();
        assert!(Vgg::load(&first, &device, Pooling::Max, &[layer("pool2")]).is_err());
        assert!(Vgg::load(&weights, &device, Pooling::Max, &[layer("relu3_4")]).is_err());
    }
}
