//! Minimises Rosenbrock's function of two variables with L-BFGS and a strong Wolfe line search.

use nst_optim::{BoxError, Lbfgs, LbfgsOptions, LineSearch, Optimizer, Status};
use nst_tensor::{Device, Tensor};

fn rosenbrock(x: &[Tensor]) -> Result<(f64, Vec<Tensor>), BoxError> {
    let [a, b] = x[0].to_vec()?[..] else { return Err("two variables expected".into()) };
    let (a, b) = (f64::from(a), f64::from(b));
    let (valley, rest) = (b - a * a, 1.0 - a);
    let gradient = [(-400.0 * a * valley - 2.0 * rest) as f32, (200.0 * valley) as f32];
    Ok((100.0 * valley * valley + rest * rest, vec![Tensor::new(x[0].device(), [2], &gradient)?]))
}

fn main() -> Result<(), BoxError> {
    let mut x = [Tensor::new(&Device::cpu(), [2], &[-1.2, 1.0])?];
    let mut optimizer =
        Lbfgs::new(LbfgsOptions { line_search: LineSearch::StrongWolfe, ..LbfgsOptions::torch() })?;
    println!("loss {:10.3e} at {:?}", optimizer.start(&x, &mut rosenbrock)?, x[0].to_vec()?);
    loop {
        let step = optimizer.step(&mut x, &mut rosenbrock)?;
        println!("loss {:10.3e} at {:?}, evaluations {}", step.loss, x[0].to_vec()?, step.evaluations);
        if step.status != Status::Progress {
            println!("{}", step.status);
            return Ok(());
        }
    }
}
