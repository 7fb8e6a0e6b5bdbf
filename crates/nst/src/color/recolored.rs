//! What a run does about colors: before it, to its pictures, and after it, to its result.

use super::{ColorStatistics, Matching, greyed, greyed_like, matched, with_colors_of};
use crate::config::{Color, Config};
use crate::prepare::shares;
use crate::{Error, Picture, Pictures, Result, Styles};
use std::sync::Arc;

/// A run's pictures as the network is to see them; none where they are to stay as they are.
#[derive(Default)]
struct Recolored {
    content: Option<Picture>,
    styles: Option<Vec<Picture>>,
    init: Option<Picture>,
}

impl Recolored {
    fn of(
        config: &Config,
        content: Option<&Picture>,
        styles: &[Picture],
        init: Option<&Picture>,
    ) -> Result<Self> {
        let Some(content) = content else { return Ok(Self::default()) };
        let matches_styles = |matching| {
            let target = ColorStatistics::of(content);
            let styles = styles.iter().map(|style| matched(style, &target, matching)).collect();
            Self { styles: Some(styles), ..Self::default() }
        };
        match config.color {
            Color::Style | Color::Content => Ok(Self::default()),
            Color::Luminance => Ok(Self {
                content: Some(greyed(content)),
                styles: Some(styles.iter().map(|style| greyed_like(style, content)).collect()),
                init: init.map(greyed),
            }),
            Color::Match => Ok(matches_styles(Matching::PrincipalAxes)),
            Color::MatchCholesky => Ok(matches_styles(Matching::Cholesky)),
            Color::MatchReverse => {
                let shares = shares(&config.style_blend, styles.len())?.into_iter();
                let parts: Vec<_> = shares.zip(styles.iter().map(ColorStatistics::of)).collect();
                let target = ColorStatistics::mixed(&parts);
                let content = matched(content, &target, Matching::PrincipalAxes);
                Ok(Self { content: Some(content), ..Self::default() })
            }
        }
    }
}

/// The colors that a run's results are given at its end, if any are.
pub(crate) struct Finish(Option<Picture>);

impl Finish {
    /// The picture as it is to be given out.
    pub(crate) fn apply(&self, picture: Picture) -> Picture {
        match &self.0 {
            Some(colors) => with_colors_of(&picture, colors),
            None => picture,
        }
    }
}

impl Pictures {
    /// Checks that [`Config::color`] has the pictures that it needs.
    pub(crate) fn check_color(&self, config: &Config) -> Result<()> {
        let lacking = match config.color {
            Color::Style => None,
            _ if self.content.is_none() => Some("content"),
            Color::Content | Color::Luminance => None,
            Color::Match | Color::MatchCholesky | Color::MatchReverse => {
                self.styles.is_empty().then_some("style")
            }
        };
        lacking.map_or(Ok(()), |picture| {
            let problem = format!("'{}' needs a {picture} picture", config.color);
            Err(Error::Setting { setting: "color", problem })
        })
    }

    /// The pictures as the network is to see them, each style for itself, and what remains to be done at the end.
    ///
    /// # Errors
    /// If the setting needs a picture that is not there, or shares of styles do not fit.
    pub(crate) fn recolored(self, config: &Config) -> Result<(Self, Finish)> {
        self.check_color(config)?;
        let (content, init) = (self.content.as_ref(), self.init.as_deref());
        let recolored = Recolored::of(config, content, &self.styles, init)?;
        let is_put_back = matches!(config.color, Color::Content | Color::Luminance);
        let finish = Finish(content.filter(|_| is_put_back).cloned());
        let pictures = Self {
            content: recolored.content.or(self.content),
            styles: recolored.styles.map_or(self.styles, Styles::new),
            init: recolored.init.map(Arc::new).or(self.init),
        };
        Ok((pictures, finish))
    }
}
