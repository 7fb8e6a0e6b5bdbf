//! A list of tensors taken as one long vector.

use nst_tensor::{Error, Map, Tensor};

type Result<T> = std::result::Result<T, Error>;

/// Its number of elements.
pub(crate) fn len(x: &[Tensor]) -> usize {
    x.iter().map(|tensor| tensor.shape().len()).sum()
}

/// The sum of `coefficient * vector` over the terms, of equal shapes.
pub(crate) fn combine(terms: &[(f64, &[Tensor])]) -> Result<Vec<Tensor>> {
    let tensors = terms.first().map_or(0, |(_, vector)| vector.len());
    let part = |i: usize| {
        let terms: Vec<_> = terms.iter().map(|&(factor, vector)| (factor, &vector[i])).collect();
        Tensor::linear_combination(&terms)
    };
    (0..tensors).map(part).collect()
}

/// The inner products of pairs of vectors, with one synchronisation for all.
pub(crate) fn dots(pairs: &[(&[Tensor], &[Tensor])]) -> Result<Vec<f64>> {
    let Some(tensors) = pairs.first().map(|(a, _)| a.len()).filter(|&tensors| tensors > 0) else {
        return Ok(vec![0.0; pairs.len()]);
    };
    let parts: Vec<_> = pairs.iter().flat_map(|(a, b)| a.iter().zip(*b)).collect();
    Ok(Tensor::dots(&parts)?.chunks(tensors).map(|parts| parts.iter().sum()).collect())
}

/// The greatest absolute values of two vectors, with one synchronisation.
pub(crate) fn max_abs(vectors: [&[Tensor]; 2]) -> Result<[f64; 2]> {
    let tensors: Vec<&Tensor> = vectors.into_iter().flatten().collect();
    let maxima = Tensor::max_abs(&tensors)?;
    let (one, other) = maxima.split_at(vectors[0].len());
    Ok([one, other].map(|maxima| maxima.iter().copied().fold(0.0, f64::max)))
}

/// The absolute values, and as many ones: their inner product is the sum of absolute values.
pub(crate) fn absolute_and_ones(x: &[Tensor]) -> Result<[Vec<Tensor>; 2]> {
    let absolute = x.iter().map(|tensor| tensor.map(Map::Abs)).collect::<Result<_>>()?;
    let ones =
        x.iter().map(|tensor| Tensor::full(tensor.device(), tensor.shape(), 1.0)).collect::<Result<_>>()?;
    Ok([absolute, ones])
}
