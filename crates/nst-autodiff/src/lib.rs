//! Reverse-mode differentiation on a tape of closures.
//!
//! A [`Var`] is a tensor that may remember how it was made. Operations on variables that descend from a leaf of a
//! [`Tape`] put one closure each on it, the *pullback*, which turns the gradient with respect to the operation's result
//! (the *cotangent*) into those with respect to its operands. [`Tape::backward`] runs them in reverse, freeing each as it
//! goes. Nothing is computed for operands that do not descend from a leaf: the weights of a fixed network are plain
//! constants, and their gradients cost nothing because nobody asks for them.
//!
//! [`Var::record`] is open: an operation of your own is one call away, from any crate.
//!
//! **What it does not know:** no network, no loss, no optimizer; only tensors' operations and their derivatives.
//!
//! ```
//! use nst_autodiff::Tape;
//! use nst_tensor::{Device, Tensor};
//!
//! # fn main() -> nst_autodiff::Result<()> {
//! let device = Device::cpu();
//! let tape = Tape::new();
//! let x = tape.leaf(Tensor::new(&device, [3], &[1.0, 2.0, 3.0])?);
//! let y = x.square()?.sum()?; // 14
//! let gradients = tape.backward(&[(&y, Tensor::full(&device, [], 1.0)?)])?;
//! assert_eq!(gradients.get(&x).unwrap().to_vec()?, [2.0, 4.0, 6.0]);
//! # Ok(())
//! # }
//! ```

mod error;
mod ops;
mod tape;
mod var;

pub use error::{Error, Result};
pub use tape::{Gradients, Tape};
pub use var::Var;
