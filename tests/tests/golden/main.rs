//! The numbers of nst against those of PyTorch, which wrote the files in `golden/data` (see `golden/README.md`).

mod crowsonkb;
mod exact;
mod features;
mod gradient;
mod histogram;
mod losses;
mod resize;
mod rounding;
mod runs;
mod store;
