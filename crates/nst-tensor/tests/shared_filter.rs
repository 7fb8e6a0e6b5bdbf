//! Several threads with one device and one filter.

use nst_tensor::{Device, Filter, Gate, Tensor};

/// The layout for the gradient is made at the first backward pass; once, threads that made it at the same time waited for
/// each other for ever.
#[test]
fn threads_that_need_a_filter_at_once_do_not_block_each_other() {
    let device = Device::cpu_with_threads(2).expect("threads");
    let full = |shape: [usize; 4]| Tensor::full(&device, shape, 1.0).expect("a tensor");
    let gradient = full([1, 8, 8, 48]);
    let gate = Gate::open(&device, [1, 8, 8, 48]);
    for _ in 0..300 {
        let filter = Filter::new(&full([48, 40, 3, 3])).expect("a filter");
        let results: Vec<Vec<f32>> = std::thread::scope(|scope| {
            let pass = || {
                let input = [1, 8, 8, 40].into();
                let result = gradient.conv2d_backward_data(&gate, &filter, 1, &input);
                result.and_then(|result| result.to_vec()).expect("a gradient")
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(pass)).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        assert!(results.iter().all(|result| result == &results[0]));
    }
}
