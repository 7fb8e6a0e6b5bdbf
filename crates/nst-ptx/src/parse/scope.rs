//! What names mean, scope by scope.

use std::collections::HashMap;

use crate::instruction::{Predicate, Register, Space};

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Symbol {
    /// A register and its declared bits.
    Register(Register, u8),
    Predicate(Predicate),
    /// A variable: its address in its space.
    Variable(Space, u64),
}

/// Names of nested `{ }`, the innermost last.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    scopes: Vec<HashMap<String, Symbol>>,
}

impl Scopes {
    pub(super) fn enter(&mut self) {
        self.scopes.push(HashMap::new());
    }

    pub(super) fn leave(&mut self) {
        self.scopes.pop();
    }

    pub(super) fn declare(&mut self, name: String, symbol: Symbol) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name, symbol);
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<Symbol> {
        self.scopes.iter().rev().find_map(|scope| scope.get(name).copied())
    }
}
