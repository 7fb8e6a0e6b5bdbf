//! Pictures of every kind in and out.

use image::{DynamicImage, GrayImage, ImageBuffer, Luma, Rgb, Rgba};
use nst_tests::{Bench, jpeg, narrow_vgg19, stripes, waves};

/// Runs two iterations of the narrow network on `content`.
fn stylize(bench: &Bench, content: &str, output: &str) {
    let weights = narrow_vgg19();
    bench.succeed(&[
        "stylize",
        content,
        "style.png",
        "-o",
        output,
        "--size",
        "40",
        "--iterations",
        "2",
        "--model",
        "vgg19",
        "--weights",
        &weights,
    ]);
}

#[test]
fn content_of_any_color_type() {
    let bench = Bench::new();
    let colored = DynamicImage::from(waves(50, 30));
    let sixteen = |x: u32, y: u32| ((x * 1300 + y * 700) % 65536) as u16;
    let pictures: [(&str, DynamicImage); 5] = [
        ("grey.png", colored.to_luma8().into()),
        ("grey16.png", ImageBuffer::from_fn(50, 30, |x, y| Luma([sixteen(x, y)])).into()),
        (
            "color16.tif",
            ImageBuffer::from_fn(50, 30, |x, y| Rgb([sixteen(x, y), 9000, sixteen(y, x)])).into(),
        ),
        ("color.webp", colored.clone()),
        ("color.jpg", colored.clone()),
    ];
    for (name, picture) in pictures {
        picture.save(bench.path(name)).unwrap();
        stylize(&bench, name, "out.png");
        assert_eq!(bench.size("out.png"), (40, 24), "{name}");
    }
}

#[test]
fn palettes_are_looked_up() {
    let bench = Bench::new();
    let picture = stripes(50, 30);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 50, 30);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_palette(vec![230, 160, 20, 20, 60, 140]);
    let mut writer = encoder.write_header().unwrap();
    let indices: Vec<u8> = picture.pixels().map(|pixel| u8::from(pixel.0[0] == 20)).collect();
    writer.write_image_data(&indices).unwrap();
    writer.finish().unwrap();
    bench.write("palette.png", bytes);
    picture.save(bench.path("plain.png")).unwrap();
    stylize(&bench, "palette.png", "a.png");
    stylize(&bench, "plain.png", "b.png");
    let [palette, plain] = ["a.png", "b.png"].map(|name| std::fs::read(bench.path(name)).unwrap());
    assert_eq!(palette, plain);
}

#[test]
fn rotated_by_exif_is_upright() {
    let bench = Bench::new();
    // A TIFF header and one entry: tag 0x112 (orientation), one short, 6 (to be turned by 90 degrees).
    let exif = [&b"II*\0\x08\0\0\0\x01\0"[..], &[0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0], &[0; 4]].concat();
    bench.write("turned.jpg", jpeg(&waves(50, 30), Some(exif)));
    stylize(&bench, "turned.jpg", "out.png");
    assert_eq!(bench.size("out.png"), (24, 40));
}

#[test]
fn alpha_is_kept() {
    let bench = Bench::new();
    let picture = ImageBuffer::from_fn(40, 30, |x, y| Rgba([200, (y * 8) as u8, 90, (x * 6) as u8]));
    picture.save(bench.path("alpha.png")).unwrap();
    stylize(&bench, "alpha.png", "out.png");
    let out = image::open(bench.path("out.png")).unwrap();
    assert!(out.color().has_alpha());
    let alpha =
        |picture: &ImageBuffer<Rgba<u8>, Vec<u8>>| picture.pixels().map(|p| p.0[3]).collect::<Vec<_>>();
    assert_eq!(alpha(&out.to_rgba8()), alpha(&picture));
    // Pictures on the way have it too.
    let weights = narrow_vgg19();
    bench.succeed(&[
        "stylize",
        "alpha.png",
        "style.png",
        "-o",
        "out.png",
        "--size",
        "40",
        "--iterations",
        "1",
        "--save-every",
        "1",
        "--model",
        "vgg19",
        "--weights",
        &weights,
    ]);
    let out = image::open(bench.path("out-000001.png")).unwrap();
    assert_eq!(alpha(&out.to_rgba8()), alpha(&picture));
    // JPEG has none, and no harm is done.
    stylize(&bench, "alpha.png", "out.jpg");
    assert_eq!(bench.size("out.jpg"), (40, 30));
}

#[test]
fn every_format_is_written() {
    let bench = Bench::new();
    for name in ["out.png", "out.jpg", "out.JPEG", "out.webp", "out.tif", "out.tiff"] {
        stylize(&bench, "content.png", name);
        let written = image::ImageReader::open(bench.path(name)).unwrap().with_guessed_format().unwrap();
        assert_eq!(written.format(), image::ImageFormat::from_path(name).ok(), "{name}");
        assert_eq!(bench.size(name), (40, 32), "{name}");
    }
}

#[test]
fn pictures_of_different_shapes() {
    let bench = Bench::new();
    let weights = narrow_vgg19();
    GrayImage::from_fn(17, 120, |x, y| Luma([(x * y % 256) as u8])).save(bench.path("tall.png")).unwrap();
    bench.succeed(&[
        "stylize",
        "content.png",
        "tall.png",
        "style.png",
        "-o",
        "out.png",
        "--size",
        "33",
        "--style-size",
        "120",
        "--iterations",
        "2",
        "--model",
        "vgg19",
        "--weights",
        &weights,
    ]);
    assert_eq!(bench.size("out.png"), (33, 26));
}
