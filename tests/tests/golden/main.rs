//! The numbers of nst against those of PyTorch, which wrote the files in `golden/data` (see `golden/README.md`).

mod features;
mod gradient;
mod losses;
mod runs;
mod store;
