//! The gradient of the whole objective, with every option, against a difference of its values.

use nst::config::{
    ContentLoss, LayerBalance, LossScaling, Pooling, StyleLoss, StyleMix, TotalVariation, Variable,
};
use nst::{Config, Contribution, Inputs, Mask, Objective, Picture};
use nst_tensor::{Device, Tensor};
use nst_tests::small_run::{self, STYLE_LOSSES, picture};

/// Left of the middle red, then blue, a black corner.
fn mask(width: usize, height: usize) -> Mask {
    let pixel = |at: usize| {
        let (x, y) = (at % width, at / width);
        let is_black = x > 3 * width / 4 && y > height / 2;
        if is_black {
            [0.0; 3]
        } else {
            [f32::from(u8::from(x < width / 2)), 0.0, f32::from(u8::from(x >= width / 2))]
        }
    };
    let rgb = (0..width * height).flat_map(pixel).collect();
    Mask::new(&Picture::new(width, height, rgb, None).expect("a picture")).expect("a mask")
}

/// Two styles, one with regions; the content with two regions that are painted and one that is kept.
fn inputs() -> Inputs {
    Inputs {
        content: Some(picture(40, 32, 1).masked(mask(40, 32)).expect("a mask")),
        styles: vec![picture(36, 44, 2), picture(44, 36, 3).masked(mask(44, 36)).expect("a mask")],
        ..small_run::inputs()
    }
}

/// Along the gradient g, the value changes by |g|² a unit: the step is so long that the change stands out of the rounding, and
/// so short that few units switch on or off.
/// Gives the names of the terms.
fn check(name: &str, config: &Config) -> Vec<String> {
    let device = Device::cpu();
    let (objective, start) = Objective::prepare(config, inputs(), &device).expect("an objective");
    // Somewhere else than at the content, where its loss has no gradient.
    let mixed = start.rgb().iter().zip(picture(40, 32, 7).rgb()).map(|(a, b)| 0.7 * a + 0.3 * b).collect();
    let start = Picture::new(start.width(), start.height(), mixed, None).expect("a picture");
    let x = objective.variable(&start).expect("a variable");
    let sum = |values: &[Contribution]| -> f64 { values.iter().map(|value| value.value).sum() };
    let (values, gradient) = objective.evaluate(&x).expect("an evaluation");
    let square = Tensor::dots(&[(&gradient, &gradient)]).expect("a product")[0];
    // The slope of a histogram loss changes at each bin, by as much as the few positions of a deep layer differ.
    let has_bins = config.style_loss == StyleLoss::Histogram || config.histogram_weight > 0.0;
    let (reach, tolerance) = if has_bins { (4e-5, 0.02) } else { (2e-3, 0.01) };
    let step = reach * sum(&values) / square;
    let moved = |step: f64| {
        let x = Tensor::linear_combination(&[(1.0, &x), (step, &gradient)]).expect("a sum");
        sum(&objective.evaluate(&x).expect("an evaluation").0)
    };
    let slope = (moved(step) - moved(-step)) / (2.0 * step);
    assert!((slope / square - 1.0).abs() < tolerance, "{name}: {slope} for {square}");
    values.into_iter().map(|value| value.name).collect()
}

#[test]
fn of_every_option_it_belongs_to_the_value() {
    let all = Config {
        tv_weight: 1e-2,
        style_blend: vec![2.0, 1.0],
        style_scales: vec![0.8, 1.0],
        regions: "black=keep,red=1".parse().expect("regions"),
        mask_softness: 0.1,
        ..small_run::config()
    };
    check("all", &all);
    for style_loss in STYLE_LOSSES {
        for layer_balance in [LayerBalance::None, LayerBalance::Energy] {
            for style_mix in [StyleMix::Statistics, StyleMix::Losses] {
                let name = format!("{style_loss}, {layer_balance}, {style_mix}");
                check(&name, &Config { style_loss, layer_balance, style_mix, ..all.clone() });
            }
        }
    }
    let histogram_layers = "relu1_1,relu4_1=0.5".parse().expect("layers");
    let both = Config { histogram_weight: 0.1, histogram_layers, ..all.clone() };
    check("histograms beside", &both);
    check("histograms alone", &Config { style_weight: 0.0, ..both });
    for content_loss in [ContentLoss::Squared, ContentLoss::Cosine] {
        for loss_scaling in [LossScaling::MeanSquare, LossScaling::Gatys] {
            let style_weight = 0.1;
            let name = format!("{content_loss}, {loss_scaling}");
            check(&name, &Config { content_loss, loss_scaling, style_weight, ..all.clone() });
        }
    }
    for tv in [TotalVariation::Absolute, TotalVariation::Squared] {
        check(&tv.to_string(), &Config { tv, tv_weight: 100.0, ..all.clone() });
    }
    // At 0.8 of half the size, a style would be too small for relu5_1, and there would be one size only.
    let seen_twice = Config { seen_from: 20, style_scales: vec![1.0], ..all.clone() };
    let names = check("seen at two sizes", &seen_twice);
    assert!(names.iter().any(|name| name == "style relu5_1 red at 20x16"), "{names:?}");
    for pooling in [Pooling::Max, Pooling::Average] {
        for variable in [Variable::Bgr255, Variable::Rgb01] {
            check(&format!("{pooling}, {variable}"), &Config { pooling, variable, ..all.clone() });
        }
    }
}
