//! Pickle, read as data.
//!
//! A pickle is a program for a stack machine that may import and call anything. This reader runs the part of that
//! machine which builds data, and turns every import and call into a plain node of the result: what a call would do is
//! for the reader of the tree to say, and names outside the caller's list are refused as they appear. The opcodes are
//! those that Python 2 and 3 emit for a dictionary of tensors at protocol 2, torch's own.

use std::collections::HashMap;
use std::io::Read;

use crate::error::Fault;

/// The longest pickle read. That of VGG-19 has 5 kB; each byte may make a node of the tree.
const MAX_BYTES: usize = 1 << 20;

/// A node of a pickle, by its number. Numbers instead of references: pickles may share nodes and even hold cycles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Id(usize);

/// A value in a pickle.
#[derive(Debug)]
pub(super) enum Node {
    None,
    Bool(bool),
    Int(i64),
    Float,
    Text(String),
    /// A list or a tuple.
    Sequence(Vec<Id>),
    Dict {
        items: Vec<(Id, Id)>,
        /// A sequence of further pairs: Python 2 writes an ordered dictionary as a call with all its items.
        pairs: Option<Id>,
    },
    /// A name to import, `module.name`.
    Global(String),
    /// What the importing program keeps outside the pickle: torch's storages.
    Persistent(Id),
    /// A call of a global, not made.
    Call {
        function: Id,
        arguments: Id,
    },
}

/// A read pickle.
pub(super) struct Pickle {
    nodes: Vec<Node>,
    root: Id,
}

impl Pickle {
    /// Reads one pickle from the start of `reader`, and not a byte more; imports that are not in `allowed` are refused.
    pub(super) fn read(reader: impl Read, allowed: fn(&str) -> bool) -> Result<Self, Fault> {
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

    pub(super) fn root(&self) -> &Node {
        self.node(self.root)
    }

    pub(super) fn node(&self, id: Id) -> &Node {
        &self.nodes[id.0]
    }

    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }
}

/// The ordered dictionary, the one call with a meaning here: dictionary opcodes fill its result.
pub(super) const ORDERED_DICT: &str = "collections.OrderedDict";

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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pickle: &[u8]) -> Result<Pickle, Fault> {
        Pickle::read(pickle, |name| name == ORDERED_DICT)
    }

    #[test]
    fn integers_of_every_width() {
        for (pickle, value) in [
            (&b"K\xff."[..], 255),
            (b"M\xe9\x03.", 1001),
            (b"J\xfe\xff\xff\xff.", -2),
            (b"\x8a\x00.", 0),
            (b"\x8a\x01\x80.", -128),
            (b"\x8a\x05\x00\x00\x00\x00\x01.", 1 << 32),
        ] {
            assert!(matches!(read(pickle).unwrap().root(), Node::Int(v) if *v == value), "{value}");
        }
    }

    #[test]
    fn python_2_strings_are_text() {
        // As Python 2 writes {'a': 'bc'}: SHORT_BINSTRING and BINSTRING.
        let pickle = read(b"\x80\x02}q\x01U\x01aq\x02T\x02\x00\x00\x00bcq\x03s.").unwrap();
        let Node::Dict { items, .. } = pickle.root() else { panic!("no dictionary") };
        let text = |id| match pickle.node(id) {
            Node::Text(text) => text.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!((text(items[0].0), text(items[0].1)), ("a".to_owned(), "bc".to_owned()));
    }

    #[test]
    fn a_name_or_opcode_outside_the_list_is_refused_by_name() {
        let refused = |pickle: &[u8]| match read(pickle) {
            Err(Fault::Refused(what)) => what,
            other => panic!("{:?}", other.err()),
        };
        assert_eq!(refused(b"\x80\x02cos\nsystem\n."), "it asks for os.system");
        assert_eq!(refused(b"\x80\x04."), "pickle protocol 4 instead of 2");
        // INST, which would import and call in one.
        assert_eq!(refused(b"(ios\nsystem\n."), "pickle opcode 0x69 (i)");
        assert!(refused(b"X\xff\xff\xff\xff").contains("1048576 bytes"));
        assert!(refused(&vec![b'N'; MAX_BYTES + 1]).contains("1048576 bytes"));
    }

    #[test]
    fn a_broken_pickle_is_damaged() {
        for pickle in [
            &b""[..],
            b".",
            b"(.",
            b"N(.",
            b"Nt.",
            b"h\x00.",
            b"Na.",
            b"}Ns.",
            b"NNR.",
            b"U\x05ab",
            b"](NNu.",
        ] {
            assert!(matches!(read(pickle), Err(Fault::Damaged(_))), "{}", pickle.escape_ascii());
        }
    }
}
