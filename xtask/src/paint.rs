//! Paints the style images of the examples: brush strokes that follow a scene's flow, coarse ones first.

mod brush;
mod canvas;
mod noise;
mod scene;

use std::path::PathBuf;

use anyhow::{Context, Result};
use image::codecs::jpeg::JpegEncoder;
use image::{ImageFormat, RgbImage};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use brush::Stroke;
use canvas::Canvas;
use scene::{Rgb, Scene, Subject};

/// Paint a picture of brush strokes (the style images of the examples)
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What is painted
    #[arg(long, value_enum, default_value_t = Subject::Swirls)]
    scene: Subject,
    /// Picture to write; PNG or JPEG by its extension. Left out, examples/SCENE.jpg
    #[arg(long)]
    out: Option<PathBuf>,
    /// Width in pixels
    #[arg(long, default_value_t = 768, value_parser = clap::value_parser!(u32).range(32..=8192))]
    width: u32,
    /// Height in pixels
    #[arg(long, default_value_t = 608, value_parser = clap::value_parser!(u32).range(32..=8192))]
    height: u32,
    /// Another seed places the strokes and bends the flow differently
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let picture = paint(args.scene, args.width, args.height, args.seed);
    let out = args.out.clone().unwrap_or_else(|| args.scene.example());
    let written = match ImageFormat::from_path(&out) {
        Ok(ImageFormat::Jpeg) => std::fs::File::create(&out)
            .map_err(image::ImageError::IoError)
            .and_then(|file| JpegEncoder::new_with_quality(file, JPEG_QUALITY).encode_image(&picture)),
        Ok(format) => picture.save_with_format(&out, format),
        Err(error) => Err(error),
    };
    written.with_context(|| format!("cannot write {}", out.display()))
}

/// High enough that the streaks of single bristles survive.
const JPEG_QUALITY: u8 = 88;

/// One pass over the whole canvas with one brush.
struct Layer {
    /// Width of the brush in pixels.
    width: f32,
    /// Length of a stroke, in brush widths.
    length: f32,
    /// Strokes per area of one stroke: 1 covers the canvas about once.
    coverage: f32,
    /// 0 paints everywhere, 1 only where colours change within a brush width.
    detail: f32,
}

/// From the ground coat to the last accents. The finer a brush, the more it keeps to the details, so that broad
/// strokes stay visible between narrow ones.
const LAYERS: [Layer; 6] = [
    Layer { width: 40.0, length: 4.0, coverage: 3.0, detail: 0.0 },
    Layer { width: 26.0, length: 4.5, coverage: 1.6, detail: 0.0 },
    Layer { width: 17.0, length: 5.0, coverage: 1.4, detail: 0.2 },
    Layer { width: 12.0, length: 5.0, coverage: 1.2, detail: 0.5 },
    Layer { width: 8.0, length: 6.0, coverage: 0.9, detail: 0.8 },
    Layer { width: 5.0, length: 7.0, coverage: 0.6, detail: 1.0 },
];

/// The picture: the same for the same subject, size and seed.
fn paint(subject: Subject, width: u32, height: u32, seed: u64) -> RgbImage {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let scene = subject.scene(width as f32 / height as f32, rng.random());
    // What the first strokes leave open shows a thin underpainting.
    let mut canvas =
        Canvas::new(width, height, |x, y| scene.colour([x as f32 / height as f32, y as f32 / height as f32]));
    for layer in &LAYERS {
        for seed_point in layer_points(layer, width, height, &mut rng) {
            if let Some(stroke) = plan_stroke(layer, seed_point, &*scene, height as f32, &mut rng) {
                stroke.paint(&mut canvas);
            }
        }
    }
    canvas.lit()
}

/// A jittered grid over the canvas in random order: even cover without rows.
fn layer_points(layer: &Layer, width: u32, height: u32, rng: &mut ChaCha8Rng) -> Vec<[f32; 2]> {
    let pitch = layer.width * (layer.length / layer.coverage).sqrt();
    let (columns, rows) = ((width as f32 / pitch).ceil() as u32, (height as f32 / pitch).ceil() as u32);
    let mut points: Vec<[f32; 2]> = (0..rows)
        .flat_map(|row| (0..columns).map(move |column| [column as f32, row as f32]))
        .map(|[x, y]| [(x + rng.random::<f32>()) * pitch, (y + rng.random::<f32>()) * pitch])
        .collect();
    points.shuffle(rng);
    points
}

/// Chooses path and paint of the stroke through a point; none where the layer leaves the canvas as it is.
fn plan_stroke(
    layer: &Layer,
    at: [f32; 2],
    scene: &dyn Scene,
    pixels: f32,
    rng: &mut ChaCha8Rng,
) -> Option<Stroke> {
    let scenic = |[x, y]: [f32; 2]| [x / pixels, y / pixels];
    let width = layer.width * rng.random_range(0.75..1.2);
    let turn = rng.random_range(-0.16..0.16_f32);

    // The brush is led along the flow, half the stroke to each side of its middle.
    let length = width * layer.length * rng.random_range(0.7..1.25);
    let step = (width / 4.0).max(2.0);
    let half = (length / 2.0 / step).ceil() as usize;
    let lead = |sign: f32| {
        let mut point = at;
        let mut path = Vec::with_capacity(half);
        for _ in 0..half {
            let [u, v] = turned(scene.flow(scenic(point)), turn);
            point = [point[0] + sign * step * u, point[1] + sign * step * v];
            path.push(point);
        }
        path
    };
    let mut path = lead(-1.0);
    path.reverse();
    path.push(at);
    path.extend(lead(1.0));

    // Two paints on one brush: the one of this place, and the one beside it across the flow.
    let [u, v] = scene.flow(scenic(at));
    let beside = [at[0] - v * width, at[1] + u * width];
    let (here, there) = (scene.colour(scenic(at)), scene.colour(scenic(beside)));
    let change: f32 = here.iter().zip(there).map(|(a, b)| (a - b).abs()).sum();
    let wanted = 1.0 - layer.detail * (1.0 - (2.5 * change).min(1.0));
    if rng.random::<f32>() > wanted {
        return None;
    }
    let mut paint = varied(here, layer, rng);
    if rng.random_bool(0.14 * f64::from(layer.detail)) {
        paint = scene.accent(scenic(at), rng.random());
    }
    Some(Stroke { path, width, paint, second: varied(there, layer, rng), seed: rng.random() })
}

fn turned([u, v]: [f32; 2], angle: f32) -> [f32; 2] {
    let (sin, cos) = angle.sin_cos();
    [u * cos - v * sin, u * sin + v * cos]
}

/// The paint as mixed for one stroke: lighter or darker, warmer or colder than asked for.
fn varied(colour: Rgb, layer: &Layer, rng: &mut ChaCha8Rng) -> Rgb {
    let light = rng.random_range(-0.09..0.09) * (1.0 + layer.detail);
    let warm = rng.random_range(-0.05..0.05);
    [colour[0] + light + warm, colour[1] + light, colour[2] + light - warm].map(|c| c.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::paint;
    use super::scene::Subject::{Facets, Swirls};

    #[test]
    fn the_same_seed_paints_the_same_picture() {
        for subject in [Swirls, Facets] {
            let picture = paint(subject, 96, 64, 3);
            assert_eq!(picture.dimensions(), (96, 64));
            assert_eq!(picture, paint(subject, 96, 64, 3));
            assert_ne!(picture, paint(subject, 96, 64, 4));
        }
    }

    #[test]
    fn the_picture_has_strong_contrasts() {
        for subject in [Swirls, Facets] {
            let picture = paint(subject, 160, 120, 7);
            let mut light: Vec<u32> = picture
                .pixels()
                .map(|pixel| pixel.0.iter().map(|&c| u32::from(c)).sum::<u32>() / 3)
                .collect();
            light.sort_unstable();
            let (dark, bright) = (light[light.len() / 10], light[light.len() * 9 / 10]);
            assert!(bright > dark + 80, "the middle 80 % of the pixels lie between {dark} and {bright}");
        }
    }
}
