//! A small symmetric matrix on the host.

/// Its lower triangle, row by row. It grows as entries are set.
#[derive(Debug, Default)]
pub(crate) struct Symmetric(Vec<f64>);

impl Symmetric {
    pub(crate) fn get(&self, i: usize, j: usize) -> f64 {
        self.0[index(i, j)]
    }

    pub(crate) fn set(&mut self, i: usize, j: usize, value: f64) {
        let index = index(i, j);
        if index >= self.0.len() {
            self.0.resize(index + 1, 0.0);
        }
        self.0[index] = value;
    }
}

fn index(i: usize, j: usize) -> usize {
    let (row, column) = (i.max(j), i.min(j));
    row * (row + 1) / 2 + column
}
