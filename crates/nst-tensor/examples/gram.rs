//! The Gram matrix of a small feature map, and the memory its device holds.

use nst_tensor::{Device, Error, Tensor, Transpose};

fn main() -> Result<(), Error> {
    let device = Device::cpu();
    let values: Vec<f32> = (0..4 * 4 * 3).map(|i| (i % 5) as f32).collect();
    let features = Tensor::new(&device, [1, 4, 4, 3], &values)?;
    let gram = features.gram()?;
    let flat = features.reshape([16, 3])?;
    let product = flat.matmul(Transpose::Yes, &flat, Transpose::No)?;
    println!("on {}: Gram matrix {:?}", device.name(), gram.to_vec()?);
    println!("the same as a product: {:?}", product.to_vec()?);
    println!("{} bytes in use, {} at most", device.memory().in_use, device.memory().peak);
    Ok(())
}
