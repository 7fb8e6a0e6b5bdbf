//! A large picture as it is seen from further away.

use crate::Result;
use crate::term::Term;
use nst_autodiff::Var;
use nst_tensor::Interpolation;

/// The picture as it is seen at one size.
pub(crate) struct View {
    /// Width and height.
    size: (usize, usize),
    /// How much of the loss is seen there.
    share: f64,
    pub(crate) terms: Vec<Term>,
}

impl View {
    /// With these terms, their weights times the view's share of the loss. A term of weight zero is no term: it would cost time
    /// and change nothing.
    pub(crate) fn new(size: (usize, usize), share: f64, mut terms: Vec<Term>) -> Self {
        terms.retain(|term| term.weight > 0.0);
        for term in &mut terms {
            term.weight *= share;
        }
        Self { size, share, terms }
    }

    /// A picture in the view's size.
    pub(crate) fn of(&self, shown: &Var) -> Result<Var> {
        let (width, height) = self.size;
        let [_, own_height, own_width, _] = shown.value().shape().nhwc("view")?;
        if (own_width, own_height) == self.size {
            return Ok(shown.clone());
        }
        Ok(shown.resize(height, width, Interpolation::Cubic)?)
    }

    /// The name of one of its terms.
    pub(crate) fn name(&self, term: &Term) -> String {
        if self.share < 1.0 {
            format!("{} at {}x{}", term.name(), self.size.0, self.size.1)
        } else {
            term.name()
        }
    }
}
