//! Executes decoded kernels.
//!
//! A warp's 32 lanes go through an instruction together, as a loop over rows of 32 values. Where a branch parts them, each
//! part keeps a program counter, and the part with the lowest one goes first until it meets another ([`warp`]).

mod access;
mod arithmetic;
mod asynchronous;
mod atomic;
mod block;
mod conversions;
mod exchange;
mod global;
mod grid;
mod matrix;
mod patterns;
mod rows;
mod shadow;
mod shared;
mod step;
mod trouble;
mod warp;

pub(crate) use grid::run;
