//! What an optimisation asks of the heap once it is under way.

use nst::{Config, Inputs, Picture, stylize};
use nst_tensor::Device;
use nst_weights::Weights;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::ops::ControlFlow;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const SIZE: usize = 192;

fn picture(seed: usize) -> Picture {
    let value = |i: usize| ((i * i + 31 * seed * i + seed) % 101) as f32 / 100.0;
    Picture::new(SIZE, SIZE, (0..SIZE * SIZE * 3).map(value).collect(), None).expect("a picture")
}

/// Tensors, gates and scratch come from memory that the second evaluation has planned; what is left is bookkeeping: the tape's
/// nodes, shapes, lists of tasks. (Alone in this file: a global allocator counts for all tests of a program.)
#[test]
fn an_iteration_under_way_asks_for_bookkeeping_alone() {
    let config = Config { size: SIZE, iterations: 30, history: 5, ..Config::default() };
    let inputs = Inputs {
        content: Some(picture(1)),
        styles: vec![picture(2)],
        init: None,
        weights: Weights::embedded().expect("weights"),
    };
    let device = Device::cpu_with_threads(2).expect("threads");
    let mut region = Region::new(ALLOCATOR);
    let mut bytes = Vec::new();
    stylize(&config, inputs, &device, &mut |_| {
        bytes.push(region.change_and_reset().bytes_allocated);
        ControlFlow::Continue(())
    })
    .expect("a run");
    // The history is full by then; the picture alone has 432 KiB, its features tens of megabytes.
    let (first, rest) = (bytes[0], &bytes[10..]);
    println!("bytes before the first evaluation {first}, from the tenth on {rest:?}");
    assert!(first > 10 << 20, "{first} bytes: is anything counted?");
    // After the one step of this run that raises the loss, the best iterate is held besides the newer ones, and two more pictures'
    // worth is asked for, once.
    assert!(rest.iter().filter(|&&bytes| bytes >= 128 << 10).count() <= 1, "{rest:?}");
}
