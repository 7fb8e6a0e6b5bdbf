//! The Gram matrix of some features on the first GPU, or why there is none.

use nst_cuda::{Precision, gpus, open};
use nst_tensor::Tensor;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let device = match gpus() {
        Ok(gpus) if gpus.is_empty() => {
            println!("the driver lists no GPU");
            return Ok(());
        }
        Ok(gpus) => {
            println!("{gpus:?}");
            open(0, Precision::Float32)?
        }
        Err(reason) => {
            println!("{reason}");
            return Ok(());
        }
    };
    let features = Tensor::new(&device, [1, 1, 3, 2], &[1.0, 0.0, 2.0, 1.0, 0.0, 3.0])?;
    println!("{:?} on {device:?}", features.gram()?.to_vec()?);
    Ok(())
}
