//! Finds an image whose Gram matrix is that of another, by plain gradient descent: style transfer without a network.

use nst_autodiff::{Result, Tape, Var};
use nst_tensor::{Device, Tensor, Zip};

fn main() -> Result<()> {
    let device = Device::cpu();
    let pixels =
        |seed: usize| (0..8 * 8 * 3).map(|i| ((i * 37 + seed) % 64) as f32 / 64.0).collect::<Vec<_>>();
    let target = Var::constant(Tensor::new(&device, [1, 8, 8, 3], &pixels(5))?.gram()?);
    let mut image = Tensor::new(&device, [1, 8, 8, 3], &pixels(0))?.scale(0.5)?;
    for step in 0..=50 {
        let tape = Tape::new();
        let x = tape.leaf(image.clone());
        let loss = x.gram()?.sub(&target)?.square()?.sum()?;
        let gradients = tape.backward(&[(&loss, Tensor::full(&device, [], 1.0)?)])?;
        if step % 10 == 0 {
            println!("step {step:2}: loss {:.6}", loss.value().item()?);
        }
        if let Some(gradient) = gradients.get(&x) {
            image = image.zip(&gradient.scale(1e-3)?, Zip::Sub)?;
        }
    }
    Ok(())
}
