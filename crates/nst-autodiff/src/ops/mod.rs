//! Differentiable operations: each computes its value and records its pullback.

mod conv2d;
mod elementwise;
mod image;
mod matrix;
mod region;
