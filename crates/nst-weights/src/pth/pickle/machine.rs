//! The stack machine of pickle, as far as it builds data.

use std::collections::HashMap;
use std::io::Read;

use crate::error::Fault;

use super::{Id, Node, ORDERED_DICT, Pickle};

/// The longest pickle read. That of VGG-19 has 5 kB; each byte may make a node of the tree.
const MAX_BYTES: usize = 1 << 20;

/// Runs the pickle at the start of `reader`; imports that are not in `allowed` are refused.
pub(super) fn run(reader: impl Read, allowed: fn(&str) -> bool) -> Result<Pickle, Fault> {
    Machine {
        reader,
        bytes_left: MAX_BYTES,
        allowed,
        nodes: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    }
    .run()
}

struct Machine<R> {
    reader: R,
    bytes_left: usize,
    allowed: fn(&str) -> bool,
    nodes: Vec<Node>,
    stack: Vec<Id>,
    /// Heights of the stack at the marks.
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

impl<R: Read> Machine<R> {
    fn run(mut self) -> Result<Pickle, Fault> {
        loop {
            match self.byte()? {
                b'.' => {
                    let root = self.pop()?;
                    return Ok(Pickle { nodes: self.nodes, root });
                }
                0x80 => match self.byte()? {
                    2 => {}
                    other => return Err(Fault::Refused(format!("pickle protocol {other} instead of 2"))),
                },
                opcode => self.step(opcode)?,
            }
        }
    }

    /// One opcode, by the letters of Python's `pickle.py`.
    fn step(&mut self, opcode: u8) -> Result<(), Fault> {
        match opcode {
            b'N' => self.push(Node::None),
            0x88 => self.push(Node::Bool(true)),
            0x89 => self.push(Node::Bool(false)),
            b'K' => self.integer::<1>()?,
            b'M' => self.integer::<2>()?,
            b'J' => {
                let value = i32::from_le_bytes(self.array()?);
                self.push(Node::Int(value.into()));
            }
            0x8a => self.long()?,
            b'G' => {
                self.array::<8>()?;
                self.push(Node::Float);
            }
            b'U' | 0x8c => {
                let length = self.byte()?.into();
                self.text(length)?;
            }
            b'T' | b'X' => {
                let length = u32::from_le_bytes(self.array()?) as usize;
                self.text(length)?;
            }
            b']' | b')' => self.push(Node::Sequence(Vec::new())),
            b'}' => self.push(Node::Dict { items: Vec::new(), pairs: None }),
            b'(' => self.marks.push(self.stack.len()),
            b't' => {
                let items = self.pop_to_mark()?;
                self.push(Node::Sequence(items));
            }
            0x85..=0x87 => {
                let items = self.pop_many(usize::from(opcode - 0x84))?;
                self.push(Node::Sequence(items));
            }
            b'a' => {
                let items = self.pop_many(1)?;
                self.append(items)?;
            }
            b'e' => {
                let items = self.pop_to_mark()?;
                self.append(items)?;
            }
            b's' => {
                let items = self.pop_many(2)?;
                self.set_items(&items)?;
            }
            b'u' => {
                let items = self.pop_to_mark()?;
                self.set_items(&items)?;
            }
            b'q' => {
                let key = self.byte()?.into();
                self.memoize(key)?;
            }
            b'r' => {
                let key = u32::from_le_bytes(self.array()?);
                self.memoize(key)?;
            }
            b'h' => {
                let key = self.byte()?.into();
                self.recall(key)?;
            }
            b'j' => {
                let key = u32::from_le_bytes(self.array()?);
                self.recall(key)?;
            }
            b'c' => self.global()?,
            b'Q' => {
                let id = self.pop()?;
                self.push(Node::Persistent(id));
            }
            b'R' => self.call()?,
            b'b' => self.build()?,
            other => {
                return Err(Fault::Refused(format!("pickle opcode {other:#04x} ({})", other.escape_ascii())));
            }
        }
        Ok(())
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        Ok(self.array::<1>()?[0])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        self.spend(N)?;
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn bytes(&mut self, length: usize) -> Result<Vec<u8>, Fault> {
        self.spend(length)?;
        let mut bytes = vec![0; length];
        self.reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Fault> {
        self.bytes_left = self
            .bytes_left
            .checked_sub(bytes)
            .ok_or_else(|| Fault::Refused(format!("a pickle of more than {MAX_BYTES} bytes")))?;
        Ok(())
    }

    fn integer<const N: usize>(&mut self) -> Result<(), Fault> {
        let value = self.array::<N>()?.iter().rev().fold(0, |value, &byte| value << 8 | i64::from(byte));
        self.push(Node::Int(value));
        Ok(())
    }

    /// A Python 2 `long`: any number of bytes in two's complement, of which eight are enough for every size here.
    fn long(&mut self) -> Result<(), Fault> {
        let length = self.byte()?.into();
        let bytes = self.bytes(length)?;
        if bytes.len() > 8 {
            return Err(Fault::Refused(format!("an integer of {} bytes", bytes.len())));
        }
        let sign = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { -1 } else { 0 };
        let value = bytes.iter().rev().fold(sign, |value: i64, &byte| value << 8 | i64::from(byte));
        self.push(Node::Int(value));
        Ok(())
    }

    fn text(&mut self, length: usize) -> Result<(), Fault> {
        let bytes = self.bytes(length)?;
        let text =
            String::from_utf8(bytes).map_err(|_| Fault::damaged("a name in its pickle is not UTF-8"))?;
        self.push(Node::Text(text));
        Ok(())
    }

    fn line(&mut self) -> Result<String, Fault> {
        let mut line = Vec::new();
        loop {
            match self.byte()? {
                b'\n' => break,
                byte => line.push(byte),
            }
        }
        Ok(line.escape_ascii().to_string())
    }

    fn global(&mut self) -> Result<(), Fault> {
        let name = format!("{}.{}", self.line()?, self.line()?);
        if !(self.allowed)(&name) {
            let shown: String = name.chars().take(100).collect();
            return Err(Fault::Refused(format!("it asks for {shown}")));
        }
        self.push(Node::Global(name));
        Ok(())
    }

    fn push(&mut self, node: Node) {
        self.nodes.push(node);
        self.stack.push(Id(self.nodes.len() - 1));
    }

    /// The stack above the last mark: a sound pickle never reaches below it.
    fn pop(&mut self) -> Result<Id, Fault> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err(underflow());
        }
        self.stack.pop().ok_or_else(underflow)
    }

    fn pop_many(&mut self, count: usize) -> Result<Vec<Id>, Fault> {
        let mut items = (0..count).map(|_| self.pop()).collect::<Result<Vec<_>, _>>()?;
        items.reverse();
        Ok(items)
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Id>, Fault> {
        let mark = self.marks.pop().ok_or_else(underflow)?;
        Ok(self.stack.split_off(mark))
    }

    fn top(&mut self) -> Result<&mut Node, Fault> {
        let top = self.pop()?;
        self.stack.push(top);
        Ok(&mut self.nodes[top.0])
    }

    fn append(&mut self, added: Vec<Id>) -> Result<(), Fault> {
        match self.top()? {
            Node::Sequence(items) => items.extend(added),
            _ => return Err(Fault::damaged("its pickle appends to what is no list")),
        }
        Ok(())
    }

    fn set_items(&mut self, added: &[Id]) -> Result<(), Fault> {
        let (pairs, rest) = added.as_chunks::<2>();
        match self.top()? {
            Node::Dict { items, .. } if rest.is_empty() => items.extend(pairs.iter().map(|&[k, v]| (k, v))),
            _ => return Err(Fault::damaged("its pickle sets items of what is no dictionary")),
        }
        Ok(())
    }

    fn memoize(&mut self, key: u32) -> Result<(), Fault> {
        let top = self.pop()?;
        self.stack.push(top);
        self.memo.insert(key, top);
        Ok(())
    }

    fn recall(&mut self, key: u32) -> Result<(), Fault> {
        let id =
            *self.memo.get(&key).ok_or_else(|| Fault::damaged("its pickle recalls what it never kept"))?;
        self.stack.push(id);
        Ok(())
    }

    fn call(&mut self) -> Result<(), Fault> {
        let arguments = self.pop()?;
        let function = self.pop()?;
        let node = match (&self.nodes[function.0], &self.nodes[arguments.0]) {
            (Node::Global(name), Node::Sequence(arguments)) if name == ORDERED_DICT => {
                Node::Dict { items: Vec::new(), pairs: arguments.first().copied() }
            }
            (Node::Global(_), Node::Sequence(_)) => Node::Call { function, arguments },
            _ => return Err(Fault::damaged("its pickle calls what is no function")),
        };
        self.push(node);
        Ok(())
    }

    /// Attributes given to an object. A state dict has one, `_metadata` (module versions), which no tensor needs.
    fn build(&mut self) -> Result<(), Fault> {
        self.pop()?;
        match self.top()? {
            Node::Dict { .. } => Ok(()),
            _ => Err(Fault::Refused("it gives attributes to what is no dictionary".into())),
        }
    }
}

fn underflow() -> Fault {
    Fault::damaged("its pickle takes more than it has put down")
}
