//! Pickle, read as data.
//!
//! A pickle is a program for a stack machine that may import and call anything. This reader runs the part of that
//! machine which builds data, and turns every import and call into a plain node of the result: what a call would do is
//! for the reader of the tree to say, and names outside the caller's list are refused as they appear. The opcodes are
//! those that Python 2 and 3 emit for a dictionary of tensors at protocol 2, torch's own.

mod machine;

use std::io::Read;

use crate::error::Fault;

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
        machine::run(reader, allowed)
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
        assert!(refused(&vec![b'N'; (1 << 20) + 1]).contains("1048576 bytes"));
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
