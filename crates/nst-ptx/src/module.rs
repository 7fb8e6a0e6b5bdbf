//! Modules: PTX text, parsed into kernels.

use crate::Result;
use crate::program::Program;

/// A parsed PTX module: its kernels and its variables.
#[derive(Debug)]
pub struct Module {
    kernels: Vec<Kernel>,
}

impl Module {
    /// Parses PTX text.
    ///
    /// # Errors
    ///
    /// [`Error::Parse`](crate::Error::Parse) with the line of what is malformed or not supported.
    pub fn parse(ptx: &str) -> Result<Self> {
        Ok(Self { kernels: crate::parse::parse(ptx)? })
    }

    /// The kernel of a name, as it is in the PTX (mangled unless `extern "C"`).
    pub fn kernel(&self, name: &str) -> Option<&Kernel> {
        self.kernels.iter().find(|kernel| kernel.name == name)
    }

    /// All kernels, in the order of the text.
    pub fn kernels(&self) -> impl Iterator<Item = &Kernel> {
        self.kernels.iter()
    }
}

/// A kernel (`.entry`) of a module.
#[derive(Debug)]
pub struct Kernel {
    pub(crate) name: String,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) program: Program,
}

impl Kernel {
    /// The name in the PTX.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The parameters in their order.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// Bytes of statically sized shared memory.
    pub fn shared_bytes(&self) -> u32 {
        self.program.shared_bytes
    }
}

/// Where a parameter lies in [`Launch::parameters`](crate::Launch::parameters).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter {
    /// Its first byte.
    pub offset: usize,
    /// Its bytes.
    pub size: usize,
}
