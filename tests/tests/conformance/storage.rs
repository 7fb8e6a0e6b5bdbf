//! Values to a device, from it and between devices; other shapes of the same values.

use crate::devices::present;
use crate::numbers::{SPECIAL, assert_same, random, shapes, tensor};
use nst_tensor::{Counting, Device, Shape, Tensor};

operations!(name, upload, download, fill);

fn name(device: &Device) {
    let name = device.name();
    assert!(!name.is_empty() && !name.contains('\n'), "name {name:?}");
    assert_eq!(name, device.name(), "the name changes");
    let tensor = Tensor::full(device, [2, 3], 1.0).expect("a tensor");
    assert_eq!(format!("{tensor:?}"), format!("Tensor [2, 3] on {name}"));
}

fn upload(device: &Device) {
    for shape in shapes() {
        let (tensor, values) = random(device, &shape, 1);
        assert_same(&format!("upload of {shape}"), &tensor, &shape, &values);
    }
    let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let subnormal = f32::from_bits(1);
    let values = [SPECIAL.as_slice(), &[subnormal, -subnormal]].concat();
    let back = tensor(device, [values.len()], &values).to_vec().expect("values");
    assert_eq!(bits(&back), bits(&values), "upload and download of {values:?} on {device:?}: bits");
}

fn download(device: &Device) {
    assert!(Tensor::download(&[]).expect("nothing").is_empty());
    let (tensors, values): (Vec<_>, Vec<_>) =
        shapes().iter().zip(1..).map(|(shape, seed)| random(device, shape, seed)).unzip();
    let all = Tensor::download(&tensors.iter().collect::<Vec<_>>()).expect("values");
    assert_eq!(all, values, "download of {tensors:?}");
    let item = tensor(device, [1, 1], &[2.5]).item().expect("one value");
    assert_eq!(item, 2.5, "item on {device:?}");
}

fn fill(device: &Device) {
    for shape in shapes() {
        for value in [0.0, -2.5, f32::INFINITY, f32::NAN] {
            let tensor = Tensor::full(device, &shape, value).expect("a tensor");
            assert_same(&format!("fill of {shape}"), &tensor, &shape, &vec![value; shape.len()]);
        }
    }
}

#[test]
fn reshaped_tensors_keep_their_values() {
    for device in present() {
        let (whole, values) = random(&device, &Shape::from([7, 13, 5]), 1);
        let flat = whole.reshape([455]).expect("as many");
        let matrix = flat.reshape([35, 13]).expect("as many");
        assert_same("reshape of [7, 13, 5]", &flat, [455], &values);
        assert_same("reshape of [455]", &matrix, [35, 13], &values);
        let scalar = tensor(&device, [1, 1], &[3.0]).reshape([]).expect("as many");
        assert_same("reshape of [1, 1]", &scalar, [], &[3.0]);
        let none = tensor(&device, [0, 3], &[]).reshape([5, 0]).expect("as many");
        assert_same("reshape of [0, 3]", &none, [5, 0], &[]);
    }
}

#[test]
fn copies_between_devices_are_exact() {
    let counting = Device::new(Counting::cpu());
    let devices = [present(), vec![counting]].concat();
    for from in &devices {
        for shape in shapes() {
            let (tensor, values) = random(from, &shape, 1);
            for to in &devices {
                let copy = tensor.to(to).expect("a copy");
                assert_eq!(copy.device(), to, "copy of {tensor:?}");
                assert_same(&format!("copy of {tensor:?}"), &copy, &shape, &values);
            }
        }
    }
}

#[test]
fn devices_are_equal_to_their_clones_alone() {
    let devices = present();
    for (i, a) in devices.iter().enumerate() {
        for (j, b) in devices.iter().enumerate() {
            assert_eq!(a == &b.clone(), i == j, "{a:?} and {b:?}");
        }
    }
    assert_ne!(Device::cpu(), Device::cpu());
}
