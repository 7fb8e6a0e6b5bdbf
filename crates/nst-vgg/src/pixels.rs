//! From one way of writing pixels down to another.

use crate::{Pixels, Result};
use nst_autodiff::Var;
use nst_tensor::{Device, Epilogue, Filter, Tensor};

/// An affine map of a pixel's three channels: `matrix * pixel + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PixelMap {
    matrix: [[f64; 3]; 3],
    offset: [f64; 3],
}

impl PixelMap {
    /// From RGB in 0..1 to the pixels that a network was trained on.
    ///
    /// - [`Pixels::Bgr255`]: BGR, 0..255, minus 103.939, 116.779, 123.68 (Caffe's VGG).
    /// - [`Pixels::Rgb01`]: RGB, minus 0.485, 0.456, 0.406, over 0.229, 0.224, 0.225 (torchvision).
    pub fn from_rgb(pixels: Pixels) -> Self {
        match pixels {
            Pixels::Bgr255 => Self {
                matrix: [[0.0, 0.0, 255.0], [0.0, 255.0, 0.0], [255.0, 0.0, 0.0]],
                offset: [-103.939, -116.779, -123.68],
            },
            Pixels::Rgb01 => {
                let (mean, deviation) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
                let mut map = Self { matrix: [[0.0; 3]; 3], offset: [0.0; 3] };
                for channel in 0..3 {
                    map.matrix[channel][channel] = 1.0 / deviation[channel];
                    map.offset[channel] = -mean[channel] / deviation[channel];
                }
                map
            }
        }
    }

    /// The map that changes nothing.
    pub fn identity() -> Self {
        Self { matrix: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], offset: [0.0; 3] }
    }

    /// `self`, then `next`.
    #[must_use]
    pub fn then(&self, next: &Self) -> Self {
        let matrix = std::array::from_fn(|i| {
            std::array::from_fn(|j| (0..3).map(|k| next.matrix[i][k] * self.matrix[k][j]).sum())
        });
        Self { matrix, offset: next.pixel(self.offset) }
    }

    /// The way back.
    ///
    /// Exists for every map this crate makes: their matrices scale and permute channels, and so do products of them.
    #[must_use]
    pub fn inverse(&self) -> Self {
        // By the adjugate: rows of the inverse are cross products of the columns, over the determinant.
        let m = &self.matrix;
        let minor = |i: usize, j: usize| {
            let (a, b, c, d) = ((j + 1) % 3, (j + 2) % 3, (i + 1) % 3, (i + 2) % 3);
            m[a][c] * m[b][d] - m[a][d] * m[b][c]
        };
        let determinant: f64 = (0..3).map(|j| m[0][j] * minor(j, 0)).sum();
        let matrix = std::array::from_fn(|i| std::array::from_fn(|j| minor(i, j) / determinant));
        let inverse = Self { matrix, offset: [0.0; 3] };
        Self { offset: inverse.pixel(self.offset).map(|x| -x), ..inverse }
    }

    /// One pixel.
    pub fn pixel(&self, pixel: [f64; 3]) -> [f64; 3] {
        std::array::from_fn(|i| self.offset[i] + (0..3).map(|j| self.matrix[i][j] * pixel[j]).sum::<f64>())
    }

    /// Pixels in memory, three values each; a rest of fewer than three stays as it is.
    pub fn values(&self, values: &mut [f32]) {
        for pixel in values.as_chunks_mut::<3>().0 {
            *pixel = self.pixel(pixel.map(f64::from)).map(|x| x as f32);
        }
    }

    /// The map as a differentiable operation on images of a device.
    ///
    /// # Errors
    /// If the device fails.
    pub fn on(&self, device: &Device) -> Result<PixelConversion> {
        if self == &Self::identity() {
            return Ok(PixelConversion(None));
        }
        let matrix: Vec<f32> = self.matrix.iter().flatten().map(|&x| x as f32).collect();
        let filter = Filter::new(&Tensor::new(device, [3, 3, 1, 1], &matrix)?)?;
        Ok(PixelConversion(Some((filter, Tensor::new(device, [3], &self.offset.map(|x| x as f32))?))))
    }
}

/// A [`PixelMap`] ready on a device. It is a convolution with a 1x1 filter; the identity is nothing at all.
#[derive(Clone, Debug)]
pub struct PixelConversion(Option<(Filter, Tensor)>);

impl PixelConversion {
    /// Converts images `[batch, height, width, 3]`.
    ///
    /// # Errors
    /// If there are other than three channels, or the device fails.
    pub fn apply(&self, image: &Var) -> Result<Var> {
        match &self.0 {
            Some((filter, offset)) => {
                let epilogue = Epilogue { bias: Some(offset), ..Epilogue::default() };
                Ok(image.conv2d(filter, 0, epilogue)?)
            }
            None => Ok(image.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PixelMap;
    use crate::Pixels;
    use approx::assert_relative_eq;
    use nst_autodiff::Var;
    use nst_tensor::{Device, Tensor};

    #[test]
    fn published_conversions() {
        let orange = [1.0, 0.5, 0.25];
        assert_relative_eq!(
            PixelMap::from_rgb(Pixels::Bgr255).pixel(orange)[..],
            [63.75 - 103.939, 127.5 - 116.779, 255.0 - 123.68]
        );
        assert_relative_eq!(
            PixelMap::from_rgb(Pixels::Rgb01).pixel(orange)[..],
            [0.515 / 0.229, 0.044 / 0.224, -0.156 / 0.225],
            max_relative = 1e-12
        );
    }

    #[test]
    fn there_and_back_and_both_at_once() {
        let (caffe, torch) = (PixelMap::from_rgb(Pixels::Bgr255), PixelMap::from_rgb(Pixels::Rgb01));
        let pixel = [0.1, 0.7, 0.3];
        let across = caffe.inverse().then(&torch);
        assert_relative_eq!(
            across.pixel(caffe.pixel(pixel))[..],
            torch.pixel(pixel)[..],
            max_relative = 1e-12
        );
        assert_relative_eq!(torch.inverse().pixel(torch.pixel(pixel))[..], pixel[..], max_relative = 1e-12);
    }

    #[test]
    fn a_device_computes_the_same() {
        let map = PixelMap::from_rgb(Pixels::Bgr255);
        let mut values = vec![0.1, 0.7, 0.3, 1.0, 0.0, 0.5];
        let device = Device::cpu();
        let image = Var::constant(Tensor::new(&device, [1, 1, 2, 3], &values).unwrap());
        let converted = map.on(&device).unwrap().apply(&image).unwrap().value().to_vec().unwrap();
        map.values(&mut values);
        assert_relative_eq!(converted[..], values[..], max_relative = 1e-5);
    }
}
