//! The rounding errors of VGG-16 (the real weights) and of the image gradient through it, where the decisions of ReLU and
//! pooling are the same: against double precision, within 1e-5 for the whole and 2e-6 for each convolution.
//!
//! With free decisions an error of 1e-7 may send a maximum another way and change the gradient by far more; that is no
//! measure of the arithmetic.

use crate::exact::{self, Convolution, Decisions};
use crate::store::{Store, distance};
use nst_kernels::{Conv2d, Isa, PackedFilter, Workspace};
use nst_tensor::{Activation, Device, Epilogue, Filter, Gate, Pooling, Tensor};
use nst_vgg::PixelMap;
use nst_weights::Weights;

/// The layers up to `conv5_1`, and the last ones of their blocks, whose pooling is fused.
const LAYERS: [&str; 11] = [
    "conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3", "conv4_1", "conv4_2",
    "conv4_3", "conv5_1",
];
const POOLED: [usize; 4] = [1, 3, 6, 9];
/// neural-style's layers: `relu1_1` to `relu5_1` for the style, `relu4_2` for the content.
const STYLE: [usize; 5] = [0, 2, 4, 7, 10];
const CONTENT: usize = 8;

/// The weights of the losses, for the style by layer.
#[derive(Debug)]
struct Losses {
    content: f64,
    style: [f64; 5],
}

/// neural-style's, of which the first layers make nearly the whole gradient; and the deepest ones alone, whose gradient
/// comes through everything.
const LOSSES: [Losses; 3] = [
    Losses { content: 5.0, style: [100.0; 5] },
    Losses { content: 5.0, style: [0.0; 5] },
    Losses { content: 0.0, style: [0.0, 0.0, 0.0, 0.0, 100.0] },
];

/// One layer's way forward on the device.
struct Step {
    input: Tensor,
    output: Tensor,
    gate: Gate,
}

impl Step {
    /// Height, width, input and output channels of the convolution.
    fn geometry(&self) -> [usize; 4] {
        let (&[_, height, width, inputs], &[.., outputs]) =
            (self.input.shape().dims(), self.output.shape().dims())
        else {
            unreachable!("feature maps")
        };
        [height, width, inputs, outputs]
    }

    fn decisions(&self) -> Decisions {
        let [height, width, _, channels] = self.geometry();
        let ones = Tensor::full(self.output.device(), self.gate.stored(), 1.0).expect("ones");
        Decisions::of(&self.gate, &ones, [height, width, channels])
    }
}

/// The network on the device, and what the losses compare with.
struct Network {
    device: Device,
    weights: Weights,
    filters: Vec<Filter>,
    /// The convolutions in double precision, forward and backward.
    exact: Vec<[Convolution; 2]>,
    pooling: Pooling,
}

/// Content features and, for each style layer, the Gram matrix over its positions: values of both computations.
struct Targets {
    content: Tensor,
    style: Vec<Tensor>,
}

impl Network {
    fn new(pooling: Pooling) -> Self {
        let (device, weights) = (Device::cpu(), Weights::embedded().expect("the weights in the box"));
        let pack = |convolution: &nst_weights::Convolution| {
            let oihw = Tensor::new(&device, convolution.shape, &convolution.filter);
            oihw.and_then(|oihw| Filter::new(&oihw)).expect("a filter")
        };
        let filters = weights.convolutions[..LAYERS.len()].iter().map(pack).collect();
        let exact = |convolution: &nst_weights::Convolution| {
            let [outputs, inputs, ..] = convolution.shape;
            let forward = Convolution::new(&convolution.filter, [outputs, inputs]);
            let backward = forward.backward();
            [forward, backward]
        };
        let exact = weights.convolutions[..LAYERS.len()].iter().map(exact).collect();
        Self { device, weights, filters, exact, pooling }
    }

    /// As `nst_vgg::Vgg` computes it: bias, ReLU and pooling fused.
    fn forward(&self, picture: &str) -> Vec<Step> {
        let (shape, mut pixels) = Store::open("gradient.safetensors").get(picture);
        PixelMap::from_rgb(self.weights.pixels).values(&mut pixels);
        let mut x = Tensor::new(&self.device, [1, shape[1], shape[2], 3], &pixels).expect("an image");
        let mut steps = Vec::new();
        for (index, filter) in self.filters.iter().enumerate() {
            let bias = &self.weights.convolutions[index].bias;
            let bias = Tensor::new(&self.device, [bias.len()], bias).expect("a bias");
            let pooling = POOLED.contains(&index).then_some(self.pooling);
            let epilogue = Epilogue { bias: Some(&bias), activation: Activation::Relu, pooling };
            let (output, gate) = x.conv2d_gated(filter, 1, epilogue).expect("a layer");
            steps.push(Step { input: x, output: output.clone(), gate });
            x = output;
        }
        steps
    }

    fn targets(&self) -> Targets {
        let style = self.forward("style");
        let descriptor = |&layer: &usize| {
            let features = &style[layer].output;
            features.gram().and_then(|gram| gram.scale(1.0 / features.shape().positions() as f32))
        };
        Targets {
            content: self.forward("content")[CONTENT].output.clone(),
            style: STYLE.iter().map(descriptor).collect::<Result<_, _>>().expect("descriptors"),
        }
    }

    /// The gradient of each layer's output, and of the image, the deepest first.
    fn backward(
        &self,
        steps: &[Step],
        targets: &Targets,
        losses: &Losses,
    ) -> nst_tensor::Result<Vec<Tensor>> {
        let mut gradients = Vec::new();
        let mut gradient: Option<Tensor> = None;
        for (layer, step) in steps.iter().enumerate().rev() {
            let features = &step.output;
            if layer == CONTENT {
                let scale = 2.0 * losses.content / features.shape().len() as f64;
                let mut terms = vec![(scale, features), (-scale, &targets.content)];
                terms.extend(gradient.as_ref().map(|gradient| (1.0, gradient)));
                gradient = Some(Tensor::linear_combination(&terms)?);
            }
            if let Some(place) = STYLE.iter().position(|&style| style == layer) {
                let [per_position, scale] = style_scales(
                    losses.style[place],
                    features.shape().positions(),
                    features.shape().channels(),
                );
                let terms = [(scale * per_position, &features.gram()?), (-scale, &targets.style[place])];
                gradient = Some(Tensor::linear_combination(&terms)?.gram_backward(features, gradient)?);
            }
            let arrived = gradient.expect("a loss at the deepest layer");
            gradient = Some(arrived.conv2d_backward_data(
                &step.gate,
                &self.filters[layer],
                1,
                step.input.shape(),
            )?);
            gradients.push(arrived);
        }
        gradients.extend(gradient);
        Ok(gradients)
    }

    fn biased(&self, layer: usize, mut sums: Vec<f64>) -> Vec<f64> {
        let bias = &self.weights.convolutions[layer].bias;
        for pixel in sums.chunks_exact_mut(bias.len()) {
            pixel.iter_mut().zip(bias).for_each(|(sum, &bias)| *sum += f64::from(bias));
        }
        sums
    }

    /// The image and each layer's output, everything in double precision but for the decisions.
    fn exact_features(&self, steps: &[Step], decisions: &[Decisions]) -> Vec<Vec<f64>> {
        let mut features = vec![doubles(&steps[0].input)];
        for (layer, (step, decisions)) in steps.iter().zip(decisions).enumerate() {
            let [height, width, ..] = step.geometry();
            let outputs = self.biased(layer, self.exact[layer][0].apply([height, width], &features[layer]));
            features.push(decisions.stored(&outputs, step.output.shape().len()));
        }
        features
    }

    /// The gradient of the image from these features, in the same way.
    fn exact_gradient(
        &self,
        steps: &[Step],
        decisions: &[Decisions],
        features: &[Vec<f64>],
        targets: &Targets,
        losses: &Losses,
    ) -> Vec<f64> {
        let mut gradient = vec![0.0; steps[steps.len() - 1].output.shape().len()];
        for (layer, step) in steps.iter().enumerate().rev() {
            let [height, width, _, channels] = step.geometry();
            let features = &features[layer + 1];
            if layer == CONTENT {
                let scale = 2.0 * losses.content / features.len() as f64;
                let differences =
                    features.iter().zip(doubles(&targets.content)).map(|(x, target)| x - target);
                gradient.iter_mut().zip(differences).for_each(|(sum, difference)| *sum += scale * difference);
            }
            if let Some(place) = STYLE.iter().position(|&style| style == layer) {
                let [per_position, scale] =
                    style_scales(losses.style[place], features.len() / channels, channels);
                let mut of_gram = exact::gram(channels, features);
                for (sum, target) in of_gram.iter_mut().zip(doubles(&targets.style[place])) {
                    *sum = scale * (*sum * per_position - target);
                }
                let of_features = exact::gram_backward(channels, features, &of_gram);
                gradient.iter_mut().zip(of_features).for_each(|(sum, x)| *sum += x);
            }
            let passed = decisions[layer].backward(&gradient);
            gradient = self.exact[layer][1].apply([height, width], &passed);
        }
        gradient
    }
}

/// Of the style loss `weight * sum ΔD² / C⁴`, where D is the Gram matrix over M positions: 1 / M, and the gradient of the
/// Gram matrix over ΔD.
fn style_scales(weight: f64, positions: usize, channels: usize) -> [f64; 2] {
    let per_position = 1.0 / positions as f64;
    [per_position, 2.0 * weight / (channels as f64).powi(4) * per_position]
}

fn doubles(tensor: &Tensor) -> Vec<f64> {
    tensor.to_vec().expect("values").into_iter().map(f64::from).collect()
}

fn whole_gradient(pooling: Pooling) {
    let network = Network::new(pooling);
    let (steps, targets) = (network.forward("image"), network.targets());
    let decisions: Vec<_> = steps.iter().map(Step::decisions).collect();
    let features = network.exact_features(&steps, &decisions);
    for losses in &LOSSES {
        let gradients = network.backward(&steps, &targets, losses).expect("gradients");
        let gradient = gradients.last().expect("the image's gradient").to_vec().expect("values");
        let exact = network.exact_gradient(&steps, &decisions, &features, &targets, losses);
        let error = distance(&gradient, &exact);
        println!("image gradient, {pooling:?} pooling, {}, {losses:?}: {error:.1e}", Isa::best().name());
        assert!(error < 1e-5, "{pooling:?} pooling, {losses:?}: {error:.1e}");
    }
}

#[test]
fn image_gradient_through_max_pooling() {
    whole_gradient(Pooling::Max);
}

#[test]
fn image_gradient_through_average_pooling() {
    whole_gradient(Pooling::Average);
}

/// Each convolution by itself, on the features and the gradients that occur, on every instruction set.
#[test]
fn each_convolution() {
    let network = Network::new(Pooling::Max);
    let steps = network.forward("image");
    let mut gradients = network.backward(&steps, &network.targets(), &LOSSES[0]).expect("gradients");
    gradients.pop();
    gradients.reverse();
    let workspace = Workspace::new();
    for (layer, (step, gradient)) in steps.iter().zip(&gradients).enumerate() {
        let [height, width, in_channels, out_channels] = step.geometry();
        let conv = Conv2d { batch: 1, height, width, in_channels, out_channels, kernel: [3, 3], padding: 1 };
        let [forward, backward] = &network.exact[layer];
        let input = step.input.to_vec().expect("values");
        let expected = network.biased(layer, forward.apply([height, width], &doubles(&step.input)));
        let gradient = step.decisions().backward(&doubles(gradient));
        let expected_gradient = backward.apply([height, width], &gradient);
        let gradient: Vec<f32> = gradient.into_iter().map(|x| x as f32).collect();
        for isa in Isa::available() {
            let nst_weights::Convolution { filter, bias, .. } = &network.weights.convolutions[layer];
            let filter = PackedFilter::new(isa, &conv, filter);
            let epilogue = nst_kernels::Epilogue { bias: Some(bias), ..Default::default() };
            let (mut output, mut back) = (vec![0.0; conv.output_len()], vec![0.0; conv.input_len()]);
            conv.forward(&workspace, &input, &filter, epilogue, &mut output, None);
            conv.backward_data(&workspace, &gradient, nst_kernels::Gate::default(), &filter, &mut back);
            let errors = [distance(&output, &expected), distance(&back, &expected_gradient)];
            let (name, isa) = (LAYERS[layer], isa.name());
            println!("{name} {isa}: forward {:.1e}, backward {:.1e}", errors[0], errors[1]);
            assert!(errors.iter().all(|&error| error < 2e-6), "{name} on {isa}: {errors:?}");
        }
    }
}
