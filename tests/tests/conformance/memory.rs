//! A device's account of its memory.

use crate::every_operation::Results;
use crate::numbers::random;
use nst_tensor::{Activation, Device, Epilogue, Filter, Map, Pooling, Shape, Tensor, Zip};

operations!(memory, begin_repeated, end_repeated);

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

/// Rounds of the same work give the same bytes as the work alone, also when what one round made is still held in the next.
fn begin_repeated(device: &Device) {
    let x = random(device, &Shape::from([1, 13, 11, 37]), 1).0;
    let filter = Filter::new(&random(device, &Shape::from([41, 37, 3, 3]), 2).0).expect("a filter");
    let epilogue = Epilogue { bias: None, activation: Activation::Relu, pooling: Some(Pooling::Max) };
    let convolve = || {
        let (output, gate) = x.conv2d_gated(&filter, 1, epilogue)?;
        output.map(Map::Square)?.conv2d_backward_data(&gate, &filter, 1, x.shape())
    };
    let work = || {
        let squares = x.map(Map::Square)?.zip(&x, Zip::Add)?;
        let gram = squares.gram()?;
        gram.gram_backward(&squares, Some(x.scale(2.0)?))?
            .zip(&squares, Zip::Sub)?
            .zip(&convolve()?, Zip::Add)
    };
    let bits = |tensor: Tensor| -> Vec<u32> {
        tensor.to_vec().expect("values").into_iter().map(f32::to_bits).collect()
    };
    let expected = bits(work().expect("work"));
    let results: Vec<Tensor> = (0..4).map(|_| device.repeated(work).expect("work")).collect();
    for result in results {
        assert_eq!(bits(result), expected);
    }
}

/// A round may differ from the one before, fail, or lie within another.
fn end_repeated(device: &Device) {
    let round = |positions: usize| {
        let x = random(device, &Shape::from([positions, 5]), 1).0;
        let gram = device.repeated(|| x.gram())?;
        gram.gram_backward(&x, None)?.sum()?.item()
    };
    for positions in [7, 7, 100, 7, 7] {
        let alone = round(positions).expect("work");
        assert_eq!(device.repeated(|| round(positions)).expect("work"), alone);
        let x = random(device, &Shape::from([positions, 5]), 1).0;
        assert!(device.repeated(|| x.reshape([3, 3])).is_err());
    }
}
