//! The loop of a kernel that most of its multiplications are in.
//!
//! Natural loops as in Aho, Lam, Sethi and Ullman, *Compilers*, 2nd edition, section 9.6: a back edge leads to an
//! instruction that dominates its source, and the loop is all that reaches the source without passing that instruction.

use super::sass::{Code, Instruction};

/// The longest way once through a loop: of two branches, the longer one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct HotLoop {
    pub(super) instructions: usize,
    /// FFMA or MMA.
    pub(super) multiplications: usize,
}

impl HotLoop {
    /// Multiplications among the instructions, 0 to 1.
    pub(super) fn share(self) -> f64 {
        self.multiplications as f64 / self.instructions as f64
    }
}

/// Of the loops with such instructions in them and no further loop with any, the one with most of them.
pub(super) fn find(code: &Code, multiplication: Instruction) -> Option<HotLoop> {
    let graph = Graph::new(code);
    let mut loops: Vec<(usize, Vec<bool>)> = Vec::new();
    for (source, header) in graph.back_edges() {
        let body = graph.natural_loop(source, header);
        // Two back edges to one instruction are one loop.
        match loops.iter_mut().find(|(other, _)| *other == header) {
            Some((_, whole)) => whole.iter_mut().zip(body).for_each(|(a, b)| *a |= b),
            None => loops.push((header, body)),
        }
    }
    let count = |body: &[bool]| {
        body.iter()
            .zip(&code.instructions)
            .filter(|&(&inside, &kind)| inside && kind == multiplication)
            .count()
    };
    loops.retain(|(_, body)| count(body) > 0);
    let innermost =
        loops.iter().filter(|(header, body)| !loops.iter().any(|(inner, _)| inner != header && body[*inner]));
    let (header, body) = innermost.max_by_key(|(_, body)| count(body))?;
    Some(graph.longest_way(*header, body, |at| code.instructions[at] == multiplication))
}

/// Predecessors, dominators and an order of the instructions that can be reached.
struct Graph<'a> {
    successors: &'a [Vec<usize>],
    predecessors: Vec<Vec<usize>>,
    /// Reverse postorder of a search in depth.
    order: Vec<usize>,
    /// Place in the order; `usize::MAX` for what is not reached.
    place: Vec<usize>,
    /// The closest instruction that each way from the start passes.
    dominator: Vec<usize>,
}

impl<'a> Graph<'a> {
    fn new(code: &'a Code) -> Self {
        let count = code.instructions.len();
        let mut predecessors = vec![Vec::new(); count];
        for (from, next) in code.successors.iter().enumerate() {
            for &to in next {
                predecessors[to].push(from);
            }
        }
        let order = reverse_postorder(&code.successors);
        let mut place = vec![usize::MAX; count];
        for (index, &at) in order.iter().enumerate() {
            place[at] = index;
        }
        let mut graph = Self {
            successors: &code.successors,
            predecessors,
            order,
            place,
            dominator: vec![usize::MAX; count],
        };
        graph.find_dominators();
        graph
    }

    /// Cooper, Harvey and Kennedy, *A Simple, Fast Dominance Algorithm* (2001).
    fn find_dominators(&mut self) {
        let Some(&start) = self.order.first() else { return };
        self.dominator[start] = start;
        loop {
            let mut changed = false;
            for index in 1..self.order.len() {
                let at = self.order[index];
                let known =
                    self.predecessors[at].iter().copied().filter(|&from| self.dominator[from] != usize::MAX);
                if let Some(closest) = known.reduce(|a, b| self.common_dominator(a, b))
                    && self.dominator[at] != closest
                {
                    self.dominator[at] = closest;
                    changed = true;
                }
            }
            if !changed {
                return;
            }
        }
    }

    fn common_dominator(&self, mut a: usize, mut b: usize) -> usize {
        while a != b {
            if self.place[a] > self.place[b] {
                a = self.dominator[a];
            } else {
                b = self.dominator[b];
            }
        }
        a
    }

    fn dominates(&self, above: usize, mut at: usize) -> bool {
        while self.place[at] > self.place[above] {
            at = self.dominator[at];
        }
        at == above
    }

    /// Source and target of each.
    fn back_edges(&self) -> Vec<(usize, usize)> {
        let edges =
            self.order.iter().flat_map(|&from| self.successors[from].iter().map(move |&to| (from, to)));
        edges.filter(|&(from, to)| self.dominates(to, from)).collect()
    }

    fn natural_loop(&self, source: usize, header: usize) -> Vec<bool> {
        let mut body = vec![false; self.successors.len()];
        body[header] = true;
        let mut open = vec![source];
        while let Some(at) = open.pop() {
            if self.place[at] != usize::MAX && !body[at] {
                body[at] = true;
                open.extend(&self.predecessors[at]);
            }
        }
        body
    }

    /// From the header to a source of a back edge, back edges left out.
    fn longest_way(&self, header: usize, body: &[bool], multiplies: impl Fn(usize) -> bool) -> HotLoop {
        let nothing = HotLoop { instructions: 0, multiplications: 0 };
        let mut ways = vec![nothing; body.len()];
        let mut longest = nothing;
        for &at in self.order.iter().filter(|&&at| body[at]) {
            let earlier =
                self.predecessors[at].iter().filter(|&&from| body[from] && self.place[from] < self.place[at]);
            let before =
                earlier.map(|&from| ways[from]).max_by_key(|way| way.instructions).unwrap_or(nothing);
            ways[at] = HotLoop {
                instructions: before.instructions + 1,
                multiplications: before.multiplications + usize::from(multiplies(at)),
            };
            if self.successors[at].contains(&header) && ways[at].instructions > longest.instructions {
                longest = ways[at];
            }
        }
        longest
    }
}

fn reverse_postorder(successors: &[Vec<usize>]) -> Vec<usize> {
    let mut seen = vec![false; successors.len()];
    let mut order = Vec::new();
    // An instruction, and how many of its successors have been looked at.
    let mut path = Vec::new();
    if !successors.is_empty() {
        seen[0] = true;
        path.push((0, 0));
    }
    while let Some((at, looked_at)) = path.last_mut() {
        if let Some(&next) = successors[*at].get(*looked_at) {
            *looked_at += 1;
            if !seen[next] {
                seen[next] = true;
                path.push((next, 0));
            }
        } else {
            order.push(*at);
            path.pop();
        }
    }
    order.reverse();
    order
}

#[cfg(test)]
mod tests {
    use super::{HotLoop, find};
    use crate::kernels::sass::{Code, Instruction, parse};

    /// A kernel of lines such as `FFMA`, `@P0 BRA 3` and `3:`.
    fn kernel(text: &str) -> Code {
        let line = |line: &str| match (line.strip_suffix(':'), line.split_once("BRA ")) {
            (Some(label), _) => format!(".L_{label}:\n"),
            (_, Some((guard, label))) => format!("/*0000*/ {guard}BRA `(.L_{label}) ;\n"),
            _ => format!("/*0000*/ {line} ;\n"),
        };
        let lines: String = text.lines().map(line).collect();
        parse(&format!("\n.text.k:\n{lines}")).unwrap().remove("k").unwrap()
    }

    fn ffma(text: &str) -> Option<HotLoop> {
        find(&kernel(text), Instruction::Ffma)
    }

    #[test]
    fn the_innermost_loop_with_most_multiplications_is_found() {
        let text = "FFMA\nFFMA\nFFMA\n1:\nMOV\nFFMA\n2:\nFFMA\nFFMA\nMOV\n@P0 BRA 2\n3:\nFFMA\n@P1 BRA 3\n@P2 BRA 1\nEXIT";
        assert_eq!(ffma(text), Some(HotLoop { instructions: 4, multiplications: 2 }));
        assert_eq!(ffma(text).unwrap().share(), 0.5);
        assert_eq!(find(&kernel(text), Instruction::Mma), None);
    }

    #[test]
    fn a_loop_without_multiplications_inside_does_not_hide_the_one_around_it() {
        let text = "1:\nFFMA\nFFMA\n2:\nMOV\n@P0 BRA 2\n@P2 BRA 1\nEXIT";
        assert_eq!(ffma(text), Some(HotLoop { instructions: 5, multiplications: 2 }));
    }

    #[test]
    fn of_two_branches_the_longer_one_counts() {
        let text = "1:\n@P0 BRA 2\nMOV\nMOV\nMOV\nBRA 3\n2:\nMOV\nMOV\n3:\nFFMA\n@P2 BRA 1\nEXIT";
        assert_eq!(ffma(text), Some(HotLoop { instructions: 7, multiplications: 1 }));
    }

    #[test]
    fn a_jump_back_from_a_branch_out_of_line_is_no_loop() {
        // The branch at 2 lies behind the loop and comes back into its middle.
        let text = "1:\nFFMA\n@P0 BRA 2\n3:\nFFMA\n@P1 BRA 1\nEXIT\n2:\nMOV\nFFMA\nBRA 3";
        assert_eq!(ffma(text), Some(HotLoop { instructions: 7, multiplications: 3 }));
        // The end of every kernel, which nothing reaches.
        assert_eq!(ffma("FFMA\nEXIT\n1:\nFFMA\nBRA 1"), None);
    }
}
