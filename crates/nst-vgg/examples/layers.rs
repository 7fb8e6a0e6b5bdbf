//! What each layer of VGG-16 makes of a checkerboard: its shape and its mean activation.

use nst_autodiff::Var;
use nst_tensor::{Device, Pooling, Tensor};
use nst_vgg::{Layer, PixelMap, Vgg};
use nst_weights::{Architecture, Weights};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let device = Device::cpu();
    let layers = Layer::all(Architecture::Vgg16);
    let vgg = Vgg::load(&Weights::embedded()?, &device, Pooling::Max, &layers)?;
    let board: Vec<f32> =
        (0..64 * 64).flat_map(|i| [if (i / 8 + i / 512) % 2 == 0 { 0.9 } else { 0.1 }; 3]).collect();
    let board = Var::constant(Tensor::new(&device, [1, 64, 64, 3], &board)?);
    let image = PixelMap::from_rgb(vgg.pixels()).on(&device)?.apply(&board)?;
    for (layer, features) in layers.iter().zip(vgg.features(&image, &layers)?) {
        let features = features.value();
        let mean = features.sum()?.item()? / features.shape().len() as f32;
        println!("{layer:8} {:20} mean {mean:10.3}", features.shape().to_string());
    }
    Ok(())
}
