//! Differentiable operations: each computes its value and records its pullback.

mod conv2d;
mod elementwise;
mod histogram;
mod image;
mod matrix;
mod region;
