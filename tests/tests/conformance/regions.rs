//! Rectangles of images: crops, borders, sums into a region.

use crate::numbers::{SPECIAL, assert_same, feature_maps, random, tensor};
use nst_kernels::reference;
use nst_tensor::{Border, Device, Padding, Region, Shape};
use std::sync::Arc;

operations!(crop, pad, add_region);

/// Of an image of this size: all of it, its inner part, a corner, one column, nothing.
fn regions(height: usize, width: usize) -> Vec<Region> {
    let region = |[top, left, height, width]: [usize; 4]| Region { top, left, height, width };
    let regions = [
        [0, 0, height, width],
        [1, 1, height.saturating_sub(2), width.saturating_sub(2)],
        [height / 2, width / 3, height - height / 2, width - width / 3],
        [0, width / 2, height, 1],
        [height, 0, 0, width],
    ];
    regions.map(region).into_iter().filter(|region| region.is_within(height, width)).collect()
}

fn crop(device: &Device) {
    for shape @ [batch, height, width, channels] in feature_maps() {
        let (image, values) = random(device, &Shape::from(shape), 1);
        for region in regions(height, width) {
            let actual = image.crop(region).expect("a region");
            let expected = reference::crop(shape, region, &values);
            let part = [batch, region.height, region.width, channels];
            assert_same(&format!("crop of {shape:?} to {region}"), &actual, part, &expected);
        }
    }
    let region = Region { top: 0, left: 1, height: 1, width: 7 };
    let special = tensor(device, [1, 1, 8, 1], &SPECIAL).crop(region).expect("a region");
    assert_same("crop of special values", &special, [1, 1, 7, 1], &SPECIAL[1..]);
}

fn pad(device: &Device) {
    for shape @ [batch, height, width, channels] in feature_maps() {
        let (image, values) = random(device, &Shape::from(shape), 1);
        for [top, bottom, left, right] in [[0; 4], [1, 2, 3, 4], [0, 17, 0, 0], [0, 0, 19, 0]] {
            let border = Border { top, bottom, left, right };
            let padded = [batch, top + height + bottom, left + width + right, channels];
            for padding in [Padding::Zero, Padding::Edge] {
                if padding == Padding::Edge && height * width == 0 {
                    continue;
                }
                let actual = image.pad(border, padding).expect("an image");
                let expected = reference::pad(shape, border, padding, &values);
                let what = format!("pad {padding:?} of {shape:?} by {border:?}");
                assert_same(&what, &actual, padded, &expected);
            }
            let back = image
                .pad(border, Padding::Zero)
                .and_then(|padded| padded.crop(Region { top, left, height, width }))
                .expect("a region");
            assert_same(&format!("crop of {shape:?} padded by {border:?}"), &back, shape, &values);
        }
    }
}

fn add_region(device: &Device) {
    for shape @ [batch, height, width, channels] in feature_maps() {
        for region @ Region { top, left, height, width } in regions(height, width) {
            let (image, values) = random(device, &Shape::from(shape), 1);
            let (part, terms) = random(device, &Shape::from([batch, height, width, channels]), 2);
            let expected = reference::add_region(shape, region, &terms, &values);
            let what = format!("add_region of {region} in {shape:?}");
            // A sum that somebody else holds stays as it is; another is written in place.
            let copy = image.clone().add_region(&part, top, left).expect("a sum");
            assert_same(&what, &copy, shape, &expected);
            assert_same(&format!("{what}, the held image"), &image, shape, &values);
            let place = Arc::as_ptr(image.buffer()).cast::<()>();
            let sum = image.add_region(&part, top, left).expect("a sum");
            assert_same(&format!("{what}, in place"), &sum, shape, &expected);
            assert_eq!(Arc::as_ptr(sum.buffer()).cast::<()>(), place, "{what} on {device:?}: place");
        }
    }
    // Added to itself: held twice.
    let image = tensor(device, [1, 1, 2, 1], &[1.0, 5.0]);
    let twice = image.clone().add_region(&image, 0, 0).expect("a sum");
    assert_same("add_region of an image to itself", &twice, [1, 1, 2, 1], &[2.0, 10.0]);
}
