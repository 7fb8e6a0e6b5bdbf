//! Flags that would change nothing.

use nst_tests::{Bench, narrow_vgg19};

/// What is typed has an effect, or is refused; files say everything.
#[test]
fn flags_without_effect_are_refused() {
    let bench = Bench::new();
    bench.write("adam.toml", "optimizer = \"adam\"\nhistory = 3\nbetas = [0.5, 0.5]\nmask-softness = 0.1\n");
    let start = ["stylize", "content.png", "style.png", "-o", "out.png"];
    for (flags, words) in [
        (&["--betas", "0.5,0.5"][..], "betas: has no effect without the optimizer adam"),
        (&["--mask-softness", "0.1"], "mask-softness: has no effect without a mask"),
        (&["--optimizer", "adam", "--history", "3"], "history: has no effect without the optimizer lbfgs"),
        (&["--config", "adam.toml", "--line-search", "wolfe"], "line-search: has no effect"),
        (&["--preset", "crowsonkb", "--steps", "torch"], "steps: has no effect"),
        (&["--noise", "3"], "noise: has no effect without init noise"),
        (&["--histogram-layers", "relu2_1"], "histogram-layers: has no effect without a histogram-weight"),
        (&["--tv", "squared"], "tv: has no effect without a tv-weight"),
        (
            &["--content-weight", "0", "--content-layers", "relu3_2"],
            "content-layers: has no effect without a content-weight",
        ),
        (&["--content-weight", "0", "--content-loss", "cosine"], "content-loss: has no effect without"),
        (
            &["--style-weight", "0", "--style-layers", "relu1_1"],
            "style-layers: has no effect without a style-weight",
        ),
        // Beside a style loss of another kind.
        (
            &["--style-weight", "0", "--histogram-weight", "9", "--style-loss", "moments"],
            "style-loss: has no effect without",
        ),
        (
            &["--style-weight", "0", "--layer-balance", "energy"],
            "layer-balance: has no effect without a style-weight or a histogram-weight",
        ),
        (&["--style-weight", "0", "--style-scales", "2"], "style-scales: has no effect without"),
        (&["--style-weight", "0", "--style-size", "99"], "style-size: has no effect without"),
        (&["--style-weight", "0", "--style-masks", "style.png"], "style-masks: has no effect without"),
        (
            &["content.png", "--style-weight", "0", "--style-mix", "losses"],
            "style-mix: has no effect without a style-weight or",
        ),
        (&["--style-mix", "losses"], "style-mix: has no effect without several styles"),
        (
            &["--content-weight", "0", "--style-loss", "moments", "--loss-scaling", "gatys"],
            "loss-scaling: has no effect without a content-weight, or",
        ),
        (
            &["--scales", "1", "--scale-iterations", "3,2"],
            "scale-iterations: 2 numbers for 1 scale; the rest has no effect",
        ),
        (&["--size", "40", "--scale-iterations", "3,2"], "scale-iterations: 2 numbers for 1 scale;"),
        (
            &["--size", "40", "--scales", "20,40", "--scale-iterations", "3,2,1"],
            "scale-iterations: 3 numbers for 2 scales;",
        ),
    ] {
        let line = bench.refuse(&[&start[..], flags].concat(), 2);
        assert!(line.contains(words), "{flags:?}: {line}");
    }
    let batch = ["batch", "--content", "content.png", "-o", "{content}-{style}.jpg", "--style", "style.png"];
    assert!(bench.refuse(&[&batch[..], &["--betas", "0.5,0.5"]].concat(), 2).contains("betas"));
    // Each style by itself.
    let mixed = ["content.png", "--style-mix", "losses"];
    assert!(bench.refuse(&[&batch[..], &mixed].concat(), 2).contains("style-mix: has no effect"));
    let reconstruct = ["reconstruct", "style", "style.png", "-o", "out.png", "--optimizer", "adam"];
    assert!(bench.refuse(&[&reconstruct[..], &["--history", "3"]].concat(), 2).contains("history"));
    let sweep = ["sweep", "content.png", "style.png", "-o", "out.png", "--vary", "betas=0.5,0.5;0.9,0.9"];
    assert!(bench.refuse(&sweep, 2).contains("betas"));
}

#[test]
fn flags_with_an_effect_are_taken() {
    let bench = Bench::new();
    bench.write("adam.toml", "optimizer = \"adam\"\nhistory = 3\nbetas = [0.5, 0.5]\nmask-softness = 0.1\n");
    let narrow = narrow_vgg19();
    let quick = ["--size", "40", "--iterations", "1", "--model", "vgg19", "--weights", &narrow];
    for command in [
        "stylize content.png style.png -o out.png --config adam.toml",
        "stylize content.png style.png -o out.png --preset crowsonkb --betas 0.5,0.9",
        "stylize content.png style.png content.png -o out.png --style-mix losses",
        "batch --content content.png --style style.png content.png -o out.png --style-blend 1,1 --style-mix losses",
        // One of two losses toward styles is enough.
        "stylize content.png style.png -o out.png --style-weight 0 --histogram-weight 9 --layer-balance energy --style-size 30",
        "stylize content.png style.png -o out.png --style-weight 0 --loss-scaling gatys",
        "reconstruct style style.png -o out.png --loss-scaling gatys",
        // Somewhere on the sheet it has one.
        "sweep content.png style.png -o out.png --vary betas=0.5,0.5;0.9,0.9 --vary optimizer=lbfgs,adam",
    ] {
        let command: Vec<&str> = command.split_whitespace().collect();
        bench.succeed(&[&command[..], &quick].concat());
    }
}

/// What is out of range is told before what has no effect for it.
#[test]
fn settings_are_checked_before_their_effect() {
    let bench = Bench::new();
    let flags = ["-o", "out.png", "--tv-weight", "-1", "--tv", "squared"];
    let batch = ["batch", "--content", "content.png", "--style", "style.png"];
    for command in [
        &["stylize", "content.png", "style.png"][..],
        &["reconstruct", "content", "content.png"],
        &["reconstruct", "style", "style.png"],
        &["sweep", "content.png", "style.png", "--vary", "seed=1,2"],
        &batch,
    ] {
        let line = bench.refuse(&[command, &flags].concat(), 2);
        assert!(line.contains("tv-weight: must be 0 or more"), "{command:?}: {line}");
    }
}
