//! Style transfer from a program: `cargo run --release -p nst --example stylize -- CONTENT STYLE OUT`.

use nst::{Config, Device, Inputs, Picture, Weights, stylize};
use std::ops::ControlFlow;
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let [content, style, out] = paths.as_slice() else {
        println!("usage: stylize CONTENT STYLE OUT");
        return Ok(());
    };
    let inputs = Inputs {
        content: Some(Picture::load(Path::new(content))?),
        styles: vec![Picture::load(Path::new(style))?],
        init: None,
        weights: Weights::embedded()?,
    };
    let config = Config { size: 128, iterations: 20, ..Config::default() };
    let outcome = stylize(&config, inputs, &Device::cpu(), &mut |event| {
        let seen = event.evaluation;
        println!("{:3} content {:.3e} style {:.3e}", seen.evaluation, seen.content, seen.style);
        ControlFlow::Continue(())
    })?;
    outcome.picture.save(Path::new(out))?;
    Ok(())
}
