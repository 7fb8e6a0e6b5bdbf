//! Tables in Markdown.

/// A table in Markdown.
pub(crate) fn table(columns: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<_> = cells.map(|cell| cell.replace('|', "/")).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rule = "---|".repeat(columns.len());
    let mut text = format!("{}|{rule}\n", line(&mut columns.iter().copied()));
    for row in rows {
        text += &line(&mut row.iter().map(String::as_str));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn cells_cannot_break_a_table() {
        let rows = [vec!["x".into(), "a|b".into()]];
        assert_eq!(table(&["one", "two"], &rows), "| one | two |\n|---|---|\n| x | a/b |\n");
    }
}
