//! The operations of a tensor: each checks its operands and asks the device.

mod conv2d;
mod elementwise;
mod histogram;
mod image;
mod matrix;
mod region;
mod resize;

pub use histogram::Binning;
