//! Moves the covariances of one feature map toward another's, printing the loss of each step.

use nst_autodiff::Tape;
use nst_loss::{Loss, StyleKind, StyleLoss, StyleScaling, style_descriptor};
use nst_tensor::{Device, Tensor, Zip};

fn features(device: &Device, side: usize, seed: usize) -> nst_tensor::Result<Tensor> {
    let values: Vec<f32> = (0..side * side * 4).map(|i| ((i * i + seed * i) % 31) as f32 / 31.0).collect();
    Tensor::new(device, [1, side, side, 4], &values)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let device = Device::cpu();
    let target = style_descriptor(StyleKind::Covariance, &features(&device, 12, 3)?, None)?;
    let loss = StyleLoss::new(StyleKind::Covariance, StyleScaling::MeanSquare, target)?;
    let mut image = features(&device, 8, 17)?;
    for step in 0..=100 {
        let tape = Tape::new();
        let x = tape.leaf(image.clone());
        let value = loss.value(&loss.statistic(&x, None)?)?;
        if step % 20 == 0 {
            println!("step {step:3}: loss {:.3e}", value.value().item()?);
        }
        let gradients = tape.backward(&[(&value, Tensor::full(&device, [], 1.0)?)])?;
        let gradient = gradients.get(&x).expect("the loss depends on x");
        image = image.zip(&gradient.scale(400.0)?, Zip::Sub)?;
    }
    Ok(())
}
