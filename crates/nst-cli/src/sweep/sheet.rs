//! The sheet: cells in columns and rows, with their values beside them.

use super::canvas::{Canvas, Letters};
use super::grid::Grid;
use crate::console::wrapped;
use crate::failure::usage;
use anyhow::Result;
use nst::Picture;

/// Behind everything: light enough for dark letters, and without a color that would change how those of the pictures look.
const BACKGROUND: f32 = 0.93;
/// Of a cell without a picture.
const EMPTY: f32 = 0.84;
/// Names of settings.
const NAME: f32 = 0.4;
/// Values.
const VALUE: f32 = 0.05;
/// The most letters of a line beside the rows.
const ROW_LETTERS: usize = 24;
/// The most pixels on a side, as in JPEG.
const MAX_SIDE: usize = 65_535;
/// The most pixels: 128 million, as of any picture.
const MAX_PIXELS: usize = 1 << 27;

/// A sheet that cells are put on.
pub(super) struct Sheet {
    canvas: Canvas,
    layout: Layout,
}

/// Where things are.
struct Layout {
    letters: Letters,
    /// Width and height of a cell.
    cell: (usize, usize),
    /// Columns and rows.
    count: (usize, usize),
    gap: usize,
    /// Left of the first column.
    left: usize,
    /// Above the first row.
    top: usize,
    /// What stands over the grid, and over each column.
    header: Vec<String>,
    columns: Vec<Vec<String>>,
    /// What stands over the rows' values, and beside each row.
    corner: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Sheet {
    /// An empty one, for cells of this width and height.
    ///
    /// # Errors
    /// If it would be too large a picture.
    pub(super) fn new(grid: &Grid, cell: (usize, usize)) -> Result<Self> {
        let layout = Layout::of(grid, cell);
        let (width, height) = layout.size();
        if width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS {
            return Err(usage(format!(
                "the sheet would have {width}x{height} pixels, too many; take fewer values or a smaller --size"
            )));
        }
        let mut sheet = Self { canvas: Canvas::new(width, height, BACKGROUND), layout };
        sheet.label();
        Ok(sheet)
    }

    fn label(&mut self) {
        let Self { canvas, layout } = self;
        let Layout { letters, cell, gap, left, top, .. } = *layout;
        let line = letters.height();
        let mut centred = |lines: &[String], (left, width): (usize, usize), bottom: usize, grey: f32| {
            let top = bottom - lines.len() * line;
            for (index, text) in lines.iter().enumerate() {
                let indent = width.saturating_sub(text.chars().count() * letters.width()) / 2;
                canvas.write((left + indent, top + index * line), text, letters, grey);
            }
        };
        let (width, _) = layout.size();
        centred(&layout.header, (left, width - left - 2 * gap), 2 * gap + layout.header.len() * line, NAME);
        for (column, lines) in layout.columns.iter().enumerate() {
            let (left, _) = layout.place(column, 0);
            let deepest = layout.columns.iter().map(Vec::len).max().unwrap_or(0);
            // From the top on where they have different numbers of lines.
            centred(lines, (left, cell.0), top - gap - (deepest - lines.len()) * line, VALUE);
        }
        for (index, text) in layout.corner.iter().enumerate() {
            let y = top - gap - (layout.corner.len() - index) * line;
            canvas.write((2 * gap, y), text, letters, NAME);
        }
        for (row, lines) in layout.rows.iter().enumerate() {
            let (_, y) = layout.place(0, row);
            let y = y + cell.1.saturating_sub(lines.len() * line) / 2;
            for (index, text) in lines.iter().enumerate() {
                canvas.write((2 * gap, y + index * line), text, letters, VALUE);
            }
        }
        for row in 0..layout.count.1 {
            for column in 0..layout.count.0 {
                canvas.fill(layout.place(column, row), cell, EMPTY);
            }
        }
    }

    /// Puts a picture into its cell, in the middle if it is smaller.
    pub(super) fn put(&mut self, column: usize, row: usize, picture: &Picture) {
        let (left, top) = self.layout.place(column, row);
        let (width, height) = self.layout.cell;
        self.canvas.fill((left, top), (width, height), BACKGROUND);
        let (right, down) = (width.saturating_sub(picture.width()), height.saturating_sub(picture.height()));
        self.canvas.draw((left + right / 2, top + down / 2), picture);
    }

    /// As a picture.
    ///
    /// # Errors
    /// As of [`Picture::new`].
    pub(super) fn into_picture(self) -> nst::Result<Picture> {
        self.canvas.into_picture()
    }
}

impl Layout {
    fn of(grid: &Grid, cell: (usize, usize)) -> Self {
        let letters = Letters::beside(cell.0);
        let gap = letters.height() / 2;
        let count = (grid.columns.values.len(), grid.rows.as_ref().map_or(1, |rows| rows.values.len()));
        // Lists are best broken at their commas.
        let wrapped = |text: &str, letters: usize| wrapped(&text.replace(',', ", "), letters);
        let lines = |text: &str, width: usize| wrapped(text, width / letters.width());
        let header = lines(&grid.columns.name, count.0 * (cell.0 + gap) - gap);
        let columns: Vec<_> = grid.columns.values.iter().map(|value| lines(value, cell.0)).collect();
        let (corner, rows): (Vec<_>, Vec<_>) = match &grid.rows {
            Some(rows) => (
                wrapped(&rows.name, ROW_LETTERS),
                rows.values.iter().map(|value| wrapped(value, ROW_LETTERS)).collect(),
            ),
            None => (vec![], vec![]),
        };
        let longest = rows.iter().chain([&corner]).flatten().map(|line| line.chars().count()).max();
        let beside = longest.map_or(0, |letters_in_line| letters_in_line * letters.width() + gap);
        let above = header.len() + columns.iter().map(Vec::len).max().unwrap_or(0);
        // A row's name may have more lines than what stands over the columns.
        let above = above.max(corner.len()) * letters.height();
        let (left, top) = (2 * gap + beside, 2 * gap + above + gap);
        Self { letters, cell, count, gap, left, top, header, columns, corner, rows }
    }

    /// Width and height of the sheet.
    fn size(&self) -> (usize, usize) {
        let (left, top) = self.place(self.count.0, self.count.1);
        (left + self.gap, top + self.gap)
    }

    /// The left upper corner of a cell.
    fn place(&self, column: usize, row: usize) -> (usize, usize) {
        (self.left + column * (self.cell.0 + self.gap), self.top + row * (self.cell.1 + self.gap))
    }
}

#[cfg(test)]
mod tests {
    use super::{BACKGROUND, EMPTY, Grid, Sheet};
    use nst::{Config, Picture};

    fn sheet(vary: &[&str], cell: (usize, usize)) -> anyhow::Result<Sheet> {
        let vary: Vec<_> = vary.iter().map(|text| text.parse().unwrap()).collect();
        Sheet::new(&Grid::new(&Config::default(), &vary).unwrap(), cell)
    }

    #[test]
    fn cells_lie_beside_each_other_and_labels_around_them() {
        let mut sheet = sheet(&["style-weight=30,100", "seed=1,2,3"], (60, 40)).unwrap();
        let picture = Picture::new(60, 38, vec![0.25; 60 * 38 * 3], None).unwrap();
        sheet.put(1, 2, &picture);
        let (left, top) = sheet.layout.place(1, 2);
        let drawn = sheet.into_picture().unwrap();
        let at = |x: usize, y: usize| drawn.rgb()[3 * (y * drawn.width() + x)];
        // Of two rows less than the cell, one above and one below.
        assert_eq!((at(left, top), at(left, top + 1)), (BACKGROUND, 0.25));
        assert_eq!((at(left + 59, top + 38), at(left + 59, top + 39)), (0.25, BACKGROUND));
        assert_eq!((at(left + 60, top + 20), at(left - 1, top + 20)), (BACKGROUND, BACKGROUND));
        // The cell above it is empty.
        assert_eq!(at(left + 30, top - 20), EMPTY);
        assert_eq!((drawn.width() - left, drawn.height() - top), (60 + 16, 40 + 16));
        // There are letters above and beside.
        let is_inked = |xs: std::ops::Range<usize>, ys: std::ops::Range<usize>| {
            ys.flat_map(|y| xs.clone().map(move |x| (x, y))).any(|(x, y)| at(x, y) < 0.2)
        };
        assert!(is_inked(left..left + 60, 16..top - 80) && is_inked(0..left - 60, top..top + 40));
    }

    #[test]
    fn long_labels_are_broken_and_too_many_cells_refused() {
        let long = "style-layers=relu1_1,relu2_1,relu3_1,relu4_1,relu5_1;relu1_1";
        let short = sheet(&["seed=1,2"], (64, 64)).unwrap().into_picture().unwrap();
        let tall = sheet(&[long], (64, 64)).unwrap().into_picture().unwrap();
        assert!(tall.width() == short.width() && tall.height() == short.height() + 4 * 16);
        let wide = sheet(&["seed=1,2", long], (64, 64)).unwrap().into_picture().unwrap();
        assert!(wide.width() > short.width() + 100 && wide.width() < short.width() + 300);
        let many = (0..70).map(|seed| seed.to_string()).collect::<Vec<_>>().join(",");
        let problem = sheet(&[&format!("seed={many}")], (1000, 10)).err().unwrap().to_string();
        assert!(problem.contains("too many"), "{problem}");
    }
}
