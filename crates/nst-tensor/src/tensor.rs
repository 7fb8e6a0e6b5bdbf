//! The tensor itself: made, moved, read.

use crate::{Buffer, Device, Error, Result, Shape};
use std::fmt;

/// A dense row-major array of `f32` on a device. It never changes once made; cloning shares it.
#[derive(Clone)]
pub struct Tensor {
    shape: Shape,
    device: Device,
    buffer: Buffer,
}

impl Tensor {
    /// A tensor of `values`, in row-major order.
    ///
    /// # Errors
    /// If there are more or fewer values than the shape has elements, or the device fails.
    pub fn new(device: &Device, shape: impl Into<Shape>, values: &[f32]) -> Result<Self> {
        let shape = shape.into();
        if shape.len() != values.len() {
            let expected = format!("{} values for shape {shape}", shape.len());
            return Err(Error::Shape { operation: "new", expected, got: values.len().to_string() });
        }
        let buffer = device.backend().upload(&shape, values)?;
        Ok(Self::from_buffer(device, shape, buffer))
    }

    /// A tensor of equal values.
    ///
    /// # Errors
    /// If the device fails.
    pub fn full(device: &Device, shape: impl Into<Shape>, value: f32) -> Result<Self> {
        let shape = shape.into();
        let buffer = device.backend().fill(&shape, value)?;
        Ok(Self::from_buffer(device, shape, buffer))
    }

    pub(crate) fn from_buffer(device: &Device, shape: Shape, buffer: Buffer) -> Self {
        Self { shape, device: device.clone(), buffer }
    }

    /// Its extents.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Where it lives.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The backend's storage, for backends.
    pub fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    /// The backend's storage, for backends that write in place where nobody else holds it.
    pub fn into_buffer(self) -> Buffer {
        self.buffer
    }

    /// The same values under another shape.
    ///
    /// # Errors
    /// If the shapes have different numbers of elements.
    pub fn reshape(&self, shape: impl Into<Shape>) -> Result<Self> {
        let shape = shape.into();
        if shape.len() != self.shape.len() {
            return Err(Error::shape("reshape", format!("{} elements", shape.len()), &self.shape));
        }
        Ok(Self { shape, ..self.clone() })
    }

    /// A copy on another device.
    ///
    /// # Errors
    /// If a device fails.
    pub fn to(&self, device: &Device) -> Result<Self> {
        if &self.device == device {
            Ok(self.clone())
        } else {
            Self::new(device, &self.shape, &self.to_vec()?)
        }
    }

    /// Its values, in row-major order.
    ///
    /// # Errors
    /// If the device fails.
    pub fn to_vec(&self) -> Result<Vec<f32>> {
        Ok(Self::download(&[self])?.remove(0))
    }

    /// The values of several tensors of one device, with one synchronisation.
    ///
    /// # Errors
    /// If they live on different devices or the device fails.
    pub fn download(tensors: &[&Self]) -> Result<Vec<Vec<f32>>> {
        let Some(first) = tensors.first() else { return Ok(Vec::new()) };
        first.same_device("download", tensors)?;
        first.device.backend().download(tensors)
    }

    /// The value of a tensor of one element.
    ///
    /// # Errors
    /// If it has more or none, or the device fails.
    pub fn item(&self) -> Result<f32> {
        match self.to_vec()?.as_slice() {
            [value] => Ok(*value),
            _ => Err(Error::shape("item", "one element", &self.shape)),
        }
    }

    pub(crate) fn same_device(&self, operation: &'static str, others: &[&Self]) -> Result<()> {
        if others.iter().all(|other| other.device == self.device) {
            Ok(())
        } else {
            Err(Error::Device { operation })
        }
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor {} on {:?}", self.shape, self.device)
    }
}
