//! The tape: what was done, in order, and how to go back.

use crate::{Error, Result, Var};
use nst_tensor::{Shape, Tensor, Zip};
use std::cell::RefCell;
use std::rc::Rc;

/// Adds to the cotangents of an operation's operands what follows from that of its result.
pub(crate) type Pullback = Box<dyn FnOnce(Tensor, &mut [Operand]) -> Result<()>>;

/// An operand, as a pullback sees it.
pub(crate) struct Operand {
    /// None for a constant.
    shape: Option<Shape>,
    /// The sum of the cotangents so far.
    pub(crate) sum: Option<Tensor>,
}

impl Operand {
    /// Whether a cotangent is wanted.
    pub(crate) fn is_wanted(&self) -> bool {
        self.shape.is_some()
    }

    /// Adds a cotangent, if it is there and wanted.
    pub(crate) fn add(&mut self, cotangent: Option<Tensor>) -> Result<()> {
        let (Some(shape), Some(cotangent)) = (&self.shape, cotangent) else { return Ok(()) };
        self.sum = Some(added(shape, self.sum.take(), cotangent)?);
        Ok(())
    }
}

/// `sum + cotangent`, of a variable of this shape.
fn added(shape: &Shape, sum: Option<Tensor>, cotangent: Tensor) -> Result<Tensor> {
    if cotangent.shape() != shape {
        let (expected, got) = (shape.to_string(), cotangent.shape().to_string());
        return Err(Error::Cotangent { operation: "backward", expected, got });
    }
    Ok(match sum {
        Some(sum) => sum.zip(&cotangent, Zip::Add)?,
        None => cotangent,
    })
}

/// One variable that descends from a leaf.
struct Node {
    shape: Shape,
    /// Nodes of the operands; none for a constant.
    parents: Vec<Option<usize>>,
    /// None for a leaf.
    pullback: Option<Pullback>,
}

/// A record of operations, for one backward pass.
#[derive(Default)]
pub struct Tape {
    nodes: Rc<RefCell<Vec<Node>>>,
}

/// A place on a tape.
#[derive(Clone)]
pub(crate) struct Place {
    nodes: Rc<RefCell<Vec<Node>>>,
    index: usize,
}

impl Place {
    pub(crate) fn same_tape(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.nodes, &other.nodes)
    }

    pub(crate) fn index(&self) -> usize {
        self.index
    }

    /// Puts an operation on the same tape.
    pub(crate) fn push(&self, shape: Shape, parents: Vec<Option<usize>>, pullback: Pullback) -> Self {
        push(&self.nodes, Node { shape, parents, pullback: Some(pullback) })
    }
}

fn push(nodes: &Rc<RefCell<Vec<Node>>>, node: Node) -> Place {
    let mut list = nodes.borrow_mut();
    list.push(node);
    Place { nodes: Rc::clone(nodes), index: list.len() - 1 }
}

impl Tape {
    /// An empty tape.
    pub fn new() -> Self {
        Self::default()
    }

    /// A variable that a gradient is wanted for.
    pub fn leaf(&self, value: Tensor) -> Var {
        let node = Node { shape: value.shape().clone(), parents: Vec::new(), pullback: None };
        Var::at(value, push(&self.nodes, node))
    }

    /// The gradients with respect to the leaves of the sum over the seeds of `<cotangent, variable>`. For a loss that is a
    /// weighted sum of scalars, the seeds are those scalars with their weights.
    ///
    /// Seeds that are constants contribute nothing. Uses the tape up; each pullback is freed once it has run.
    ///
    /// # Errors
    /// If a cotangent has another shape than its variable, a variable belongs to another tape, or an operation fails.
    pub fn backward(self, seeds: &[(&Var, Tensor)]) -> Result<Gradients> {
        let mut cotangents: Vec<Option<Tensor>> = Vec::new();
        cotangents.resize_with(self.nodes.borrow().len(), || None);
        for (var, cotangent) in seeds {
            let Some(place) = var.place() else { continue };
            if !Rc::ptr_eq(&place.nodes, &self.nodes) {
                return Err(Error::Tapes { operation: "backward" });
            }
            let sum = &mut cotangents[place.index];
            *sum = Some(added(&self.shape(place.index), sum.take(), cotangent.clone())?);
        }
        for index in (0..cotangents.len()).rev() {
            let taken = {
                let node = &mut self.nodes.borrow_mut()[index];
                node.pullback.take().map(|pullback| (std::mem::take(&mut node.parents), pullback))
            };
            let Some((parents, pullback)) = taken else { continue };
            let Some(cotangent) = cotangents[index].take() else { continue };
            let mut operands: Vec<Operand> = parents
                .iter()
                .map(|parent| Operand {
                    shape: parent.map(|parent| self.shape(parent)),
                    sum: parent.and_then(|parent| cotangents[parent].take()),
                })
                .collect();
            pullback(cotangent, &mut operands)?;
            for (parent, operand) in parents.into_iter().zip(operands) {
                if let (Some(parent), Some(sum)) = (parent, operand.sum) {
                    // A variable that is used twice by one operation has two operands.
                    cotangents[parent] = Some(added(&self.shape(parent), cotangents[parent].take(), sum)?);
                }
            }
        }
        Ok(Gradients { nodes: self.nodes, cotangents })
    }

    fn shape(&self, index: usize) -> Shape {
        self.nodes.borrow()[index].shape.clone()
    }
}

/// The gradients that a backward pass left at the leaves.
pub struct Gradients {
    nodes: Rc<RefCell<Vec<Node>>>,
    cotangents: Vec<Option<Tensor>>,
}

impl Gradients {
    /// The gradient with respect to a leaf; none if no seed depends on it, or if it is no leaf of the tape.
    pub fn get(&self, leaf: &Var) -> Option<&Tensor> {
        let place = leaf.place().filter(|place| Rc::ptr_eq(&place.nodes, &self.nodes))?;
        self.cotangents[place.index].as_ref()
    }
}
