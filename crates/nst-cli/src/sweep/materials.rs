//! What cells are made of: pictures, opened again only where their files differ.

use crate::masks::Source;
use anyhow::{Context, Result};
use nst::{Config, Picture, Pictures, Styles};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The pictures of a sweep, as the last cell took them.
pub(super) struct Materials<'a> {
    content_file: &'a Path,
    style_files: &'a [PathBuf],
    content: Last<Source, Picture>,
    styles: Last<Vec<Source>, Styles>,
    init: Last<PathBuf, Arc<Picture>>,
}

impl<'a> Materials<'a> {
    pub(super) fn new(content_file: &'a Path, style_files: &'a [PathBuf]) -> Self {
        Self { content_file, style_files, content: Last(None), styles: Last(None), init: Last(None) }
    }

    /// Opens the pictures that these settings take; the content picture.
    ///
    /// # Errors
    /// If one cannot be used.
    pub(super) fn open(&mut self, config: &Config) -> Result<&Picture> {
        if let Some(file) = config.init.file() {
            self.init.get(file.to_owned(), |file| Ok(Arc::new(Picture::load(file)?)))?;
        }
        let sources = Source::of_styles(config, self.style_files)?;
        self.styles.get(sources, |sources| {
            Ok(Styles::new(sources.iter().map(Source::open).collect::<Result<_>>()?))
        })?;
        self.content.get(Source::new(self.content_file, config.mask.as_deref()), Source::open)
    }

    /// The pictures that these settings take.
    ///
    /// # Errors
    /// As of [`Materials::open`].
    pub(super) fn pictures(&mut self, config: &Config) -> Result<Pictures> {
        let content = Some(self.open(config)?.clone());
        let styles = self.styles.last().context("styles")?;
        let init = config.init.file().and_then(|_| self.init.last());
        Ok(Pictures { content, styles, init })
    }
}

/// The last thing that was opened, and by what name.
struct Last<K, V>(Option<(K, V)>);

impl<K: PartialEq, V: Clone> Last<K, V> {
    /// The last one if this is its name, else what `open` opens.
    fn get(&mut self, name: K, open: impl FnOnce(&K) -> Result<V>) -> Result<&V> {
        let opened = match self.0.take() {
            Some(last) if last.0 == name => last,
            _ => {
                let value = open(&name)?;
                (name, value)
            }
        };
        Ok(&self.0.insert(opened).1)
    }

    fn last(&self) -> Option<V> {
        self.0.as_ref().map(|(_, value)| value.clone())
    }
}
