//! The cells of a sheet: every value of one setting with every value of another.

use super::vary::Vary;
use crate::failure::usage;
use anyhow::Result;
use nst::Config;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Settings for each cell.
pub(super) struct Grid {
    /// What the columns are.
    pub(super) columns: Vary,
    /// What the rows are; none for one row.
    pub(super) rows: Option<Vary>,
    /// In the order of work: what can share a network one after the other, else row by row.
    pub(super) cells: Vec<Cell>,
}

/// One picture of the sheet.
pub(super) struct Cell {
    pub(super) column: usize,
    pub(super) row: usize,
    pub(super) config: Config,
    /// The settings that set it apart, with their values.
    values: Vec<(String, String)>,
}

impl Grid {
    /// Lays the values over the settings.
    ///
    /// # Errors
    /// If a setting or value is none, or out of range, or there are more than two settings.
    pub(super) fn new(base: &Config, vary: &[Vary]) -> Result<Self> {
        let (columns, rows) = match vary {
            [columns] => (columns, None),
            [columns, rows] if columns.name == rows.name => {
                return Err(usage(format!("--vary: '{}' cannot be both columns and rows", rows.name)));
            }
            [columns, rows] => (columns, Some(rows)),
            _ => return Err(usage("--vary: a sheet has columns and rows; give it once or twice")),
        };
        let along = readings(columns, base)?;
        let down = match rows {
            Some(rows) => readings(rows, base)?.into_iter().map(Some).collect(),
            None => vec![None],
        };
        let mut cells = Vec::new();
        for (row, down) in down.iter().enumerate() {
            for (column, along) in along.iter().enumerate() {
                let all = || [Some(along), down.as_ref()].into_iter().flatten();
                let table: Table = all().map(|at| (at.name.clone(), at.reading.clone())).collect();
                let values = all().map(|at| (at.name.clone(), at.text.clone())).collect();
                let cell = Cell { column, row, config: base.overlay(&table)?, values };
                cell.config.check().map_err(|error| usage(format!("{}: {error}", cell.label())))?;
                cells.push(cell);
            }
        }
        let network = |cell: &Cell| {
            let Config { model, pooling, padding, weights, .. } = &cell.config;
            (*model, *pooling, *padding, weights.clone())
        };
        let networks: Vec<_> = cells.iter().map(network).collect();
        cells.sort_by_cached_key(|cell| networks.iter().position(|known| *known == network(cell)));
        Ok(Self { columns: columns.clone(), rows: rows.cloned(), cells })
    }
}

/// A value of a setting.
struct At {
    name: String,
    text: String,
    reading: Value,
}

fn readings(vary: &Vary, base: &Config) -> Result<Vec<At>> {
    let readings = vary.readings(base)?.into_iter().zip(&vary.values);
    let at = |(reading, text): (Value, &String)| At { name: vary.name.clone(), text: text.clone(), reading };
    Ok(readings.map(at).collect())
}

impl Cell {
    /// Its values in words: `style-weight 30, seed 1`.
    pub(super) fn label(&self) -> String {
        self.joined(" ", ", ")
    }

    /// Its file in a folder, as `like` in format. What a file name may not hold becomes `_`.
    pub(super) fn file(&self, folder: &Path, like: &Path) -> PathBuf {
        let name: String =
            self.joined("=", ",").chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
        let extension = like.extension().unwrap_or_default().to_string_lossy();
        folder.join(format!("{name}.{extension}"))
    }

    fn joined(&self, is: &str, and: &str) -> String {
        let values: Vec<_> = self.values.iter().map(|(name, value)| format!("{name}{is}{value}")).collect();
        values.join(and)
    }
}

fn is_plain(letter: char) -> bool {
    letter.is_alphanumeric() || "-_.,=+#".contains(letter)
}

#[cfg(test)]
mod tests {
    use super::Grid;
    use nst::Config;
    use std::path::Path;

    fn grid(vary: &[&str]) -> anyhow::Result<Grid> {
        let vary: Vec<_> = vary.iter().map(|text| text.parse().unwrap()).collect();
        Grid::new(&Config::default(), &vary)
    }

    #[test]
    fn every_value_meets_every_other() {
        let cells = grid(&["style-weight=30,100", "seed=1,2,3"]).unwrap().cells;
        let found: Vec<_> = cells
            .iter()
            .map(|cell| (cell.column, cell.row, cell.config.style_weight, cell.config.seed))
            .collect();
        let expected = [
            (0, 0, 30.0, 1),
            (1, 0, 100.0, 1),
            (0, 1, 30.0, 2),
            (1, 1, 100.0, 2),
            (0, 2, 30.0, 3),
            (1, 2, 100.0, 3),
        ];
        assert_eq!(found, expected);
        assert_eq!(cells[3].label(), "style-weight 100, seed 2");
        assert_eq!(
            cells[3].file(Path::new("a"), Path::new("b.JPG")),
            Path::new("a/style-weight=100,seed=2.JPG")
        );
        let cells = grid(&["init=a/b.png,content"]).unwrap().cells;
        assert_eq!(cells[0].file(Path::new(""), Path::new("b.png")), Path::new("init=a_b.png.png"));
    }

    #[test]
    fn cells_of_one_network_come_one_after_the_other() {
        let cells = grid(&["pooling=max,avg", "seed=1,2"]).unwrap().cells;
        let order: Vec<_> = cells.iter().map(|cell| (cell.column, cell.row)).collect();
        assert_eq!(order, [(0, 0), (0, 1), (1, 0), (1, 1)]);
    }

    #[test]
    fn what_makes_no_grid_is_refused() {
        for (vary, words) in [
            (&["seed=1", "seed=2"][..], "both columns and rows"),
            (&["seed=1", "noise=2", "size=9"], "once or twice"),
            (&["history=3,0"], "history 0: history: must be 1 or more"),
            (&["scales=1;256,512", "size=512,300"], "scales 256,512, size 300: scales: "),
        ] {
            let problem = grid(vary).err().unwrap().to_string();
            assert!(problem.contains(words), "{vary:?}: {problem}");
        }
    }
}
