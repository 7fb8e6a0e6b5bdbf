//! A tensor that may remember how it was made.

use crate::tape::{Operand, Place};
use crate::{Error, Result};
use nst_tensor::Tensor;
use std::fmt;

/// A value in a computation. Constants and variables are used alike; only what descends from a [`crate::Tape`]'s leaf is
/// recorded.
#[derive(Clone)]
pub struct Var {
    value: Tensor,
    place: Option<Place>,
}

impl Var {
    /// A value that no gradient is wanted for.
    pub fn constant(value: Tensor) -> Self {
        Self { value, place: None }
    }

    pub(crate) fn at(value: Tensor, place: Place) -> Self {
        Self { value, place: Some(place) }
    }

    pub(crate) fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// The value.
    pub fn value(&self) -> &Tensor {
        &self.value
    }

    /// Whether it descends from a leaf, so that operations on it are recorded.
    pub fn is_recorded(&self) -> bool {
        self.place.is_some()
    }

    /// The result of an operation of your own: `value` was computed from `parents`, and `pullback` turns the cotangent of
    /// `value` into the parents' cotangents, in their order. The flags it is given say which parents want one; for the
    /// others it may return `None`.
    ///
    /// ```
    /// use nst_autodiff::{Tape, Var};
    /// use nst_tensor::{Device, Tensor};
    ///
    /// # fn main() -> nst_autodiff::Result<()> {
    /// /// Three times x.
    /// fn triple(x: &Var) -> nst_autodiff::Result<Var> {
    ///     let value = x.value().scale(3.0)?;
    ///     Var::record(value, &[x], |cotangent, _| Ok(vec![Some(cotangent.scale(3.0)?)]))
    /// }
    /// let device = Device::cpu();
    /// let tape = Tape::new();
    /// let x = tape.leaf(Tensor::full(&device, [2], 1.0)?);
    /// let y = triple(&x)?;
    /// let gradients = tape.backward(&[(&y, Tensor::full(&device, [2], 1.0)?)])?;
    /// assert_eq!(gradients.get(&x).unwrap().to_vec()?, [3.0, 3.0]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the parents belong to different tapes.
    pub fn record(
        value: Tensor,
        parents: &[&Self],
        pullback: impl FnOnce(Tensor, &[bool]) -> Result<Vec<Option<Tensor>>> + 'static,
    ) -> Result<Self> {
        let mut places = parents.iter().filter_map(|parent| parent.place.as_ref());
        let Some(first) = places.next() else { return Ok(Self::constant(value)) };
        if !places.all(|place| place.same_tape(first)) {
            return Err(Error::Tapes { operation: "record" });
        }
        let indices = parents.iter().map(|parent| parent.place.as_ref().map(Place::index)).collect();
        let count = parents.len();
        let pullback = move |cotangent, operands: &mut [Operand]| {
            let wanted: Vec<bool> = operands.iter().map(Operand::is_wanted).collect();
            let results = pullback(cotangent, &wanted)?;
            if results.len() != count {
                let (expected, got) = (format!("{count} cotangents"), results.len().to_string());
                return Err(Error::Cotangent { operation: "pullback", expected, got });
            }
            operands.iter_mut().zip(results).try_for_each(|(operand, result)| operand.add(result))
        };
        let place = first.push(value.shape().clone(), indices, Box::new(pullback));
        Ok(Self::at(value, place))
    }

    /// The result of an operation on `self` alone whose pullback adds to the cotangent that others have left: cheaper than
    /// a sum of its own where the cotangent is large.
    pub(crate) fn record_adding(
        &self,
        value: Tensor,
        pullback: impl FnOnce(Tensor, Option<Tensor>) -> nst_tensor::Result<Tensor> + 'static,
    ) -> Self {
        let Some(place) = &self.place else { return Self::constant(value) };
        let pullback = |cotangent, operands: &mut [Operand]| {
            if let [operand] = operands {
                operand.sum = Some(pullback(cotangent, operand.sum.take())?);
            }
            Ok(())
        };
        let place = place.push(value.shape().clone(), vec![Some(place.index())], Box::new(pullback));
        Self::at(value, place)
    }

    /// The result of an operation on `self` alone.
    pub(crate) fn record_unary(
        &self,
        value: Tensor,
        pullback: impl FnOnce(Tensor) -> nst_tensor::Result<Tensor> + 'static,
    ) -> Result<Self> {
        Self::record(value, &[self], |cotangent, _| Ok(vec![Some(pullback(cotangent)?)]))
    }
}

impl fmt::Debug for Var {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", if self.is_recorded() { "Var" } else { "Constant" }, self.value)
    }
}
