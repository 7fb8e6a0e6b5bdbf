//! Minimisers of differentiable functions of tensors: [`Lbfgs`] and [`Adam`].
//!
//! - An [`Objective`] gives the loss and its gradient at a point; a closure will do.
//! - An [`Optimizer`] moves the point, one iteration per [`Optimizer::step`], and says in the [`Step`] how that went. The
//!   caller decides how many steps to take, and what to do when one fails: the point is then still the last good one.
//! - Scalars are `f64` on the host; vectors stay on their device, in `f32`.
//!
//! **What it does not know:** neither tape nor network nor image. Where the gradient comes from is the objective's matter.
//!
//! **Precision.** Close to a minimum a step changes `x` by less than an `f32` can tell, and losses and gradients are rounding
//! errors. L-BFGS then converges by its tolerances or stalls in its line search; with neither, it goes on for nothing.
//!
//! ```
//! use nst_optim::{BoxError, Lbfgs, LbfgsOptions, LineSearch, Optimizer, Status};
//! use nst_tensor::{Device, Tensor};
//!
//! # fn main() -> Result<(), BoxError> {
//! // The squared distance from (3, 3, 3).
//! let mut objective = |x: &[Tensor]| {
//!     let target = Tensor::full(x[0].device(), x[0].shape(), 3.0)?;
//!     let difference = Tensor::linear_combination(&[(1.0, &x[0]), (-1.0, &target)])?;
//!     let loss = Tensor::dots(&[(&difference, &difference)])?[0];
//!     Ok::<_, BoxError>((loss, vec![difference.scale(2.0)?]))
//! };
//! let mut x = [Tensor::full(&Device::cpu(), [3], 0.0)?];
//! let mut optimizer = Lbfgs::new(LbfgsOptions { line_search: LineSearch::StrongWolfe, ..LbfgsOptions::torch() })?;
//! while optimizer.step(&mut x, &mut objective)?.status == Status::Progress {}
//! assert!(x[0].to_vec()?.iter().all(|x| (x - 3.0).abs() < 1e-5));
//! # Ok(())
//! # }
//! ```

mod adam;
mod average;
mod bounds;
mod error;
mod evaluation;
mod lbfgs;
mod objective;
mod optimizer;
mod vector;

pub use adam::{Adam, AdamOptions};
pub use bounds::Bounds;
pub use error::{Error, Result};
pub use lbfgs::{Backtrack, FirstStep, InitialInverse, Lbfgs, LbfgsOptions, LineSearch};
pub use objective::{BoxError, Objective};
pub use optimizer::{Convergence, Moment, Optimizer, Stall, Status, Step};
