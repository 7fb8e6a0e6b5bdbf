//! Loss against evaluations, a panel for each pair.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use super::table::Comparison;
use super::trace::Trace;

const PANEL: (u32, u32) = (360, 280);
const COLUMNS: usize = 3;
/// Evaluations that the panels show.
const SHOWN: f64 = 310.0;

/// Draws the losses relative to torch's last; the scale of losses is logarithmic.
pub(super) fn draw(compared: &[Comparison], file: &Path) -> Result<()> {
    let rows = compared.len().div_ceil(COLUMNS);
    let size = (PANEL.0 * COLUMNS as u32, PANEL.1 * rows as u32);
    let whole = SVGBackend::new(file, size).into_drawing_area();
    let failed = |error: &dyn std::fmt::Display| anyhow!("cannot draw {}: {error}", file.display());
    whole.fill(&WHITE).map_err(|error| failed(&error))?;
    for (panel, comparison) in whole.split_evenly((rows, COLUMNS)).iter().zip(compared) {
        draw_panel(panel, comparison).map_err(|error| failed(&error))?;
    }
    whole.present().map_err(|error| failed(&error))
}

type Panel<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn draw_panel<'a>(
    panel: &Panel<'a>,
    comparison: &Comparison,
) -> Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>> {
    let end = comparison.torch.points().last().map_or(1.0, |point| point.loss);
    let curve = |trace: &Trace| -> Vec<(f64, f64)> {
        trace.points().iter().map(|point| (point.evaluations, point.loss / end)).collect()
    };
    let mut chart = ChartBuilder::on(panel)
        .margin(8)
        .caption(&comparison.pair, ("sans-serif", 15))
        .x_label_area_size(30)
        .y_label_area_size(44)
        .build_cartesian_2d(0.0..SHOWN, (0.9..4.0).log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_labels(4)
        .x_desc("evaluations, by pixels")
        .y_desc("loss / torch's last")
        .y_label_formatter(&|loss| format!("{loss:.1}"))
        .draw()?;
    for (name, trace, color) in
        [("torch", &comparison.torch, RGBColor(200, 80, 40)), ("nst", &comparison.nst, RGBColor(30, 90, 170))]
    {
        chart
            .draw_series(LineSeries::new(curve(trace), color.stroke_width(2)))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color.stroke_width(2)));
    }
    chart.configure_series_labels().border_style(BLACK.mix(0.3)).background_style(WHITE).draw()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_curves_are_drawn() {
        let trace =
            || Trace::parse("{\"total\":3.0,\"seconds\":1}\n{\"total\":2.0,\"seconds\":2}\n").unwrap();
        let pair = Comparison { pair: "cat, swirls".into(), torch: trace(), nst: trace() };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plot.svg");
        draw(&[pair], &file).unwrap();
        let text = std::fs::read_to_string(file).unwrap();
        for expected in ["cat, swirls", "torch", "nst", "#C85028", "#1E5AAA"] {
            assert!(text.contains(expected), "{expected}");
        }
    }
}
