//! A device's account of its memory.

use crate::every_operation::Results;
use crate::numbers::random;
use nst_tensor::{Device, Filter, Shape, Tensor};

operations!(memory);

fn bytes(shape: &Shape) -> usize {
    shape.len() * size_of::<f32>()
}

fn memory(device: &Device) {
    let start = device.memory().in_use;
    let in_use = || device.memory().in_use - start;
    let large = Shape::from([1, 61, 67, 32]);
    {
        let (x, _) = random(device, &large, 1);
        let one = in_use();
        assert!(one >= bytes(&large), "{one} bytes in use for {x:?}");
        let shared = (x.clone(), x.reshape([61, 67 * 32]).expect("as many"), x.to(device).expect("itself"));
        assert_eq!(in_use(), one, "clones and other shapes of {x:?} share its memory");
        drop(x);
        assert_eq!(in_use(), one, "{shared:?} still need their memory");
    }
    assert_eq!(in_use(), 0, "a dropped tensor of {large} on {device:?} gives its memory back");

    let oihw = Shape::from([17, 5, 3, 3]);
    let filter = Filter::new(&random(device, &oihw, 1).0).expect("a filter");
    assert!(in_use() >= bytes(&oihw), "{} bytes in use for {filter:?}", in_use());
    drop(filter);
    assert_eq!(in_use(), 0, "a dropped filter of {oihw} on {device:?} gives its memory back");

    let results = Results::of(device).expect("results");
    let tensors: usize = results.tensors.iter().map(|(_, tensor)| bytes(tensor.shape())).sum();
    assert!(in_use() > tensors, "{} bytes in use on {device:?}, the results have {tensors}", in_use());
    assert!(device.memory().peak >= device.memory().in_use, "peak and use on {device:?}");
    let held = in_use();
    drop(results.filter);
    let filter = held - in_use();
    assert!(filter >= 37 * 32 * 9 * size_of::<f32>(), "a used filter gave {filter} bytes back on {device:?}");
    drop(results.tensors);
    assert_eq!(in_use(), 0, "the results of every operation on {device:?} give their memory back");

    let peak = device.memory().peak;
    assert!(peak >= start + tensors, "peak {peak} on {device:?}");
    drop(Tensor::full(device, [7], 1.0));
    assert_eq!(device.memory().peak, peak, "a small tensor on {device:?} does not raise the peak");
}
