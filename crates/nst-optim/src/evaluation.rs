//! An evaluated point.

use crate::{Error, Objective, Result};
use nst_tensor::Tensor;
use std::sync::Arc;

/// A point with its loss and gradient.
#[derive(Clone, Debug)]
pub(crate) struct Evaluation {
    pub(crate) x: Vec<Tensor>,
    pub(crate) loss: f64,
    pub(crate) gradient: Vec<Tensor>,
}

impl Evaluation {
    /// Evaluates the objective at `x`.
    pub(crate) fn new(x: Vec<Tensor>, objective: &mut dyn Objective) -> Result<Self> {
        let (loss, gradient) = objective.evaluate(&x).map_err(Error::Objective)?;
        if !same_shapes(&x, &gradient) {
            return Err(Error::Gradient { expected: shapes(&x), got: shapes(&gradient) });
        }
        Ok(Self { x, loss, gradient })
    }

    /// Whether `x` holds the very tensors of this point. Tensors never change, so their storage tells.
    pub(crate) fn is_at(&self, x: &[Tensor]) -> bool {
        self.x.len() == x.len() && self.x.iter().zip(x).all(|(a, b)| Arc::ptr_eq(a.buffer(), b.buffer()))
    }

    /// The point of `kept` if that is `x`, or `x` evaluated.
    pub(crate) fn at(x: &[Tensor], kept: Option<&Self>, objective: &mut dyn Objective) -> Result<Self> {
        let Some(kept) = kept else { return Self::new(x.to_vec(), objective) };
        if !same_shapes(&kept.x, x) {
            return Err(Error::Layout { expected: shapes(&kept.x), got: shapes(x) });
        }
        if kept.is_at(x) { Ok(kept.clone()) } else { Self::new(x.to_vec(), objective) }
    }
}

fn same_shapes(a: &[Tensor], b: &[Tensor]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.shape() == b.shape())
}

fn shapes(x: &[Tensor]) -> String {
    let shapes: Vec<_> = x.iter().map(|tensor| tensor.shape().to_string()).collect();
    format!("({})", shapes.join(", "))
}
