//! How a plane is cut into tiles.

use crate::plane::Plane;

/// Outputs of a tile along one axis.
pub(super) const TILE: usize = 4;
/// Inputs that it sees along one axis: the outputs and two more for a filter of three taps.
pub(super) const PATCH: usize = TILE + 2;
/// Products of a tile for each pair of channels.
pub(super) const PRODUCTS: usize = PATCH * PATCH;

/// The tiles that cover the outputs of all images, numbered in reading order.
#[derive(Clone, Copy)]
pub(super) struct Tiles {
    rows: usize,
    columns: usize,
    batch: usize,
}

impl Tiles {
    pub(super) fn covering(batch: usize, output: Plane) -> Self {
        Self { rows: output.height.div_ceil(TILE), columns: output.width.div_ceil(TILE), batch }
    }

    pub(super) fn count(self) -> usize {
        self.batch * self.rows * self.columns
    }

    /// The image of a tile, and the row and column of its first output.
    pub(super) fn position(self, tile: usize) -> (usize, usize, usize) {
        let (row, column) = (tile / self.columns, tile % self.columns);
        (row / self.rows, row % self.rows * TILE, column * TILE)
    }
}
