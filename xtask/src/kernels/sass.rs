//! Machine code as `nvdisasm -c` prints it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

/// The machine code of one kernel, as a graph of instructions.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) instructions: Vec<Instruction>,
    /// For each instruction, those that may come next, by index.
    pub(super) successors: Vec<Vec<usize>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Instruction {
    /// 32 multiply-adds in f32, one for each thread of a warp.
    Ffma,
    /// A product of small matrices on tensor cores, by a warp.
    Mma,
    Other,
}

impl Instruction {
    fn of(opcode: &str) -> Self {
        match opcode.split('.').next() {
            Some("FFMA" | "FFMA32I") => Self::Ffma,
            Some("HMMA") => Self::Mma,
            _ => Self::Other,
        }
    }
}

/// A line of the listing: what it does, and where it may lead besides the next line.
struct Line<'a> {
    opcode: &'a str,
    targets: Vec<&'a str>,
    /// Whether the next line may follow.
    falls_through: bool,
}

/// The kernels of a listing, by name.
pub(super) fn parse(listing: &str) -> Result<BTreeMap<String, Code>> {
    let mut kernels = BTreeMap::new();
    for section in listing.split("\n.text.").skip(1) {
        let (name, body) = section.split_once(':').context("a section without a name")?;
        kernels.insert(name.to_owned(), code(body).with_context(|| format!("the machine code of {name}"))?);
    }
    Ok(kernels)
}

fn code(body: &str) -> Result<Code> {
    let (mut lines, mut labels) = (Vec::new(), BTreeMap::new());
    for text in body.lines().map(str::trim) {
        if let Some(label) = text.strip_suffix(':') {
            labels.insert(label, lines.len());
        } else if let Some((_, text)) = text.strip_prefix("/*").and_then(|text| text.split_once("*/")) {
            lines.push(line(text.trim()));
        } else if text.starts_with(".section") {
            break;
        }
    }
    let mut successors = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let mut next = Vec::new();
        if line.falls_through && index + 1 < lines.len() {
            next.push(index + 1);
        }
        for target in &line.targets {
            next.push(
                *labels.get(target).with_context(|| format!("a jump to {target}, which is not there"))?,
            );
        }
        successors.push(next);
    }
    let instructions = lines.iter().map(|line| Instruction::of(line.opcode)).collect();
    Ok(Code { instructions, successors })
}

/// Takes a line such as ``@!P4 BRA P2, `(.L_x_3) ;`` apart.
fn line(text: &str) -> Line<'_> {
    let (guard, text) = match text.strip_prefix('@') {
        Some(guarded) => {
            guarded.split_once(char::is_whitespace).map_or((true, ""), |(_, text)| (true, text.trim()))
        }
        None => (false, text),
    };
    let (opcode, operands) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let opcode = opcode.trim_end_matches(';');
    let operands = operands.trim();
    let jump = opcode.split('.').next().unwrap_or(opcode);
    // A call of a routine comes back; one of a label is how the compiler leaves some loops.
    let jumps = matches!(jump, "BRA" | "BRX" | "JMP" | "JMX" | "CALL");
    let targets = if jumps { labels_in(operands) } else { Vec::new() };
    // A jump may also hang on a predicate among its operands: `BRA P2, ...`, `BRA.U UP0, ...`.
    let conditional = guard || !operands.starts_with('`');
    let leaves = matches!(jump, "EXIT" | "RET") || (jumps && jump != "CALL");
    Line { opcode, targets, falls_through: !leaves || if jumps { conditional } else { guard } }
}

fn labels_in(operands: &str) -> Vec<&str> {
    let quoted = operands.split("`(").skip(1).filter_map(|rest| rest.split_once(')'));
    quoted.map(|(label, _)| label).filter(|label| label.starts_with(".L")).collect()
}

#[cfg(test)]
mod tests {
    use super::{Instruction, line, parse};

    #[test]
    fn jumps_are_followed() {
        let parts = |text| {
            let line = line(text);
            (line.opcode, line.targets.join(" "), line.falls_through)
        };
        let both = |opcode, target: &str| (opcode, target.to_owned(), true);
        let away = |opcode, target: &str| (opcode, target.to_owned(), false);
        assert_eq!(parts("FFMA R1, R2, R3, R4 ;"), both("FFMA", ""));
        assert_eq!(parts("BRA `(.L_x_3) ;"), away("BRA", ".L_x_3"));
        assert_eq!(parts("@!P0 BRA `(.L_x_3) ;"), both("BRA", ".L_x_3"));
        assert_eq!(parts("BRA.U UP0, `(.L_x_3) ;"), both("BRA.U", ".L_x_3"));
        assert_eq!(parts("@!P0 BRA P2, `(.L_x_3) ;"), both("BRA", ".L_x_3"));
        assert_eq!(parts("@P0 CALL.REL.NOINC `(.L_x_3) ;"), both("CALL.REL.NOINC", ".L_x_3"));
        assert_eq!(parts("CALL.REL.NOINC `($__internal_0_$div) ;"), both("CALL.REL.NOINC", ""));
        assert_eq!(parts("BSSY B0, `(.L_x_0) ;"), both("BSSY", ""));
        assert_eq!(parts("EXIT ;"), away("EXIT", ""));
        assert_eq!(parts("@P0 EXIT ;"), both("EXIT", ""));
        assert_eq!(parts("RET.REL.NODEC R4 `(kernel);"), away("RET.REL.NODEC", ""));
    }

    #[test]
    fn kernels_are_told_apart() {
        let listing = "\
\t.headerflags\t@\"...\"
\t.section\t.text.one,\"ax\",@progbits
one:
.text.one:
        /*0000*/                   MOV R1, R2 ;
.L_x_0:
        /*0010*/                   HMMA.1688.F32.TF32 R4, R8, R2, R4 ;
        /*0020*/              @!P0 BRA `(.L_x_0) ;
        /*0030*/                   EXIT ;
//--------------------- .text.two --------------------------
\t.section\t.text.two,\"ax\",@progbits
two:
.text.two:
        /*0000*/                   FFMA.FTZ R1, R2, R3, R4 ;
        /*0010*/                   EXIT ;
";
        let kernels = parse(listing).unwrap();
        assert_eq!(kernels.keys().collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(kernels["one"].successors, [vec![1], vec![2], vec![3, 1], vec![]]);
        assert_eq!(kernels["one"].instructions[1], Instruction::Mma);
        assert_eq!(kernels["two"].instructions, [Instruction::Ffma, Instruction::Other]);
        assert!(parse(&listing.replace("`(.L_x_0)", "`(.L_x_9)")).is_err());
    }
}
