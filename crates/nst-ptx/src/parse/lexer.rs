//! Words, numbers and signs.

use crate::{Error, Result};

/// The smallest parts of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A name, a directive, an opcode with its modifiers, a special register, a number.
    Word(&'a str),
    /// What stands between quotes.
    Text(&'a str),
    /// Anything else, one character.
    Sign(char),
}

/// All tokens of a text, each with its line, and a place among them.
#[derive(Debug, Clone)]
pub(super) struct Tokens<'a> {
    tokens: Vec<(Token<'a>, u32)>,
    at: usize,
}

/// A parse error at a line.
pub(super) fn fail<T>(line: u32, message: impl Into<String>) -> Result<T> {
    Err(Error::Parse { line, message: message.into() })
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self> {
        let mut tokens = Vec::new();
        let mut line = 1;
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let length = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                let Some(end) = rest.find("*/") else { return fail(line, "a comment that does not end") };
                line += rest[..end].matches('\n').count() as u32;
                end + 2
            } else if first.is_whitespace() {
                line += u32::from(first == '\n');
                first.len_utf8()
            } else if first == '"' {
                let Some(end) = rest[1..].find('"') else { return fail(line, "a string that does not end") };
                tokens.push((Token::Text(&rest[1..=end]), line));
                end + 2
            } else if starts_word(first) {
                let end = word_length(rest);
                tokens.push((Token::Word(&rest[..end]), line));
                end
            } else {
                tokens.push((Token::Sign(first), line));
                first.len_utf8()
            };
            rest = &rest[length..];
        }
        Ok(Self { tokens, at: 0 })
    }

    /// The line of the next token; after the last, of the last.
    pub(super) fn line(&self) -> u32 {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(1, |(_, line)| *line)
    }

    pub(super) fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).map(|(token, _)| *token)
    }

    /// The token after the next.
    pub(super) fn peek_second(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at + 1).map(|(token, _)| *token)
    }

    pub(super) fn next(&mut self) -> Result<Token<'a>> {
        let Some((token, _)) = self.tokens.get(self.at) else {
            return fail(self.line(), "the text ends too early");
        };
        self.at += 1;
        Ok(*token)
    }

    /// Takes the sign if it is next.
    pub(super) fn accept(&mut self, sign: char) -> bool {
        let found = self.peek() == Some(Token::Sign(sign));
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, sign: char) -> Result<()> {
        if self.accept(sign) { Ok(()) } else { fail(self.line(), format!("expected '{sign}'")) }
    }

    pub(super) fn word(&mut self) -> Result<&'a str> {
        let line = self.line();
        match self.next()? {
            Token::Word(word) => Ok(word),
            other => fail(line, format!("expected a name or number, found {other:?}")),
        }
    }

    /// Takes the word if it is next.
    pub(super) fn accept_word(&mut self, word: &str) -> bool {
        let found = self.peek() == Some(Token::Word(word));
        self.at += usize::from(found);
        found
    }

    /// Skips what stands on this line (directives that have no end sign).
    pub(super) fn skip_line(&mut self) {
        let line = self.line();
        while self.at < self.tokens.len() && self.line() == line {
            self.at += 1;
        }
    }

    /// Skips from an opening sign that is next to its closing one.
    pub(super) fn skip_balanced(&mut self, open: char, close: char) -> Result<()> {
        self.expect(open)?;
        let mut depth = 1;
        while depth > 0 {
            match self.next()? {
                Token::Sign(sign) if sign == open => depth += 1,
                Token::Sign(sign) if sign == close => depth -= 1,
                _ => {}
            }
        }
        Ok(())
    }
}

fn starts_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_$%.".contains(c)
}

/// The length of the word that the text starts with; `::` may stand within (`.L2::128B`).
fn word_length(text: &str) -> usize {
    let mut end = text.find(|c| !starts_word(c)).unwrap_or(text.len());
    while text[end..].starts_with("::") {
        end += 2 + text[end + 2..].find(|c| !starts_word(c)).unwrap_or(text.len() - end - 2);
    }
    end
}
