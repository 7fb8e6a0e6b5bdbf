//! The binary from outside: what it is given, what it writes, what it says and how it ends.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod bad_input;
mod batch;
mod bench;
mod color;
mod devices;
mod effects;
mod help;
mod interrupt;
mod masks;
mod pictures;
mod presets;
mod reconstruct;
mod runs;
mod settings;
mod sweep;
mod weights;
mod write_config;
