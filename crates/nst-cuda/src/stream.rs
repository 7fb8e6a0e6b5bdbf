//! The one stream of work of a device: memory, copies and launches.

use crate::Precision;
use crate::allocator::{Allocator, Block};
use crate::error::{Error, said};
use crate::gpus;
use cudarc::driver::sys::CUdeviceptr;
use cudarc::driver::{
    CudaContext, CudaFunction, CudaModule, CudaStream, DeviceRepr, DriverError, LaunchConfig, PushKernelArg,
    result,
};
use cudarc::nvrtc::Ptx;
use nst_tensor::Memory;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// PTX that a `.cu` file was made into.
pub(crate) struct Source {
    /// The file's name.
    pub(crate) name: &'static str,
    /// The text.
    pub(crate) ptx: &'static str,
}

/// A kernel.
pub(crate) struct Kernel {
    /// Where it is.
    pub(crate) source: &'static Source,
    /// Its name.
    pub(crate) name: &'static str,
    /// Threads of a block.
    pub(crate) threads: u32,
}

/// What a kernel takes: one structure, laid out as its `.cu` declares it.
///
/// # Safety
/// `#[repr(C)]`, with the fields of the kernel's own structure in their order and without padding that the other lacks.
#[expect(unsafe_code, reason = "a promise about layout")]
pub(crate) unsafe trait Parameters: Copy {}

/// What is pushed as the only argument of a launch.
#[derive(Clone, Copy)]
struct Argument<P>(P);

#[expect(unsafe_code, reason = "a promise about layout")]
// SAFETY: `Parameters` promises the kernel's own layout.
unsafe impl<P: Parameters> DeviceRepr for Argument<P> {}

/// What was translated for this GPU so far, by name.
#[derive(Default)]
struct Loaded {
    modules: HashMap<&'static str, Arc<CudaModule>>,
    functions: HashMap<&'static str, CudaFunction>,
}

/// A device's stream.
pub(crate) struct Stream {
    name: String,
    context: Arc<CudaContext>,
    queue: Arc<CudaStream>,
    allocator: Arc<Allocator>,
    loaded: Mutex<Loaded>,
}

impl Stream {
    /// That of the GPU of this number, which must have what `precision` needs.
    pub(crate) fn open(ordinal: usize, precision: Precision) -> Result<Self, Error> {
        let count = gpus::count()?;
        if ordinal >= count {
            return Err(Error::NoGpu { ordinal, count });
        }
        let context = gpus::context(ordinal)?;
        let described = context.name().and_then(|name| Ok((name, context.compute_capability()?)));
        let (name, has) = described.map_err(Error::during("describe a GPU"))?;
        let needs = precision.needs();
        if has < needs {
            return Err(Error::TooOld { name, has, wants: precision.name(), needs });
        }
        let name = format!("cuda:{ordinal} ({name}, {})", precision.name());
        #[expect(unsafe_code, reason = "turns off what orders several streams")]
        // SAFETY: there is but one stream, the default one, whose work is done in the order in which it was asked for. Otherwise
        // cudarc makes two events for every allocation.
        unsafe {
            context.disable_event_tracking();
        }
        let queue = context.default_stream();
        let allocator = Allocator::new(&queue);
        Ok(Self { name, context, queue, allocator, loaded: Mutex::default() })
    }

    /// The device, in words.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn context(&self) -> &CudaContext {
        &self.context
    }

    pub(crate) fn memory(&self) -> Memory {
        self.allocator.memory()
    }

    /// At least `bytes` bytes of unknown content.
    pub(crate) fn allocate(&self, operation: &'static str, bytes: usize) -> nst_tensor::Result<Block> {
        self.allocator.allocate(bytes).map_err(|message| self.failed(operation, message))
    }

    /// Room for `len` values of unknown content.
    pub(crate) fn floats(&self, operation: &'static str, len: usize) -> nst_tensor::Result<Block> {
        self.allocate(operation, len.saturating_mul(size_of::<f32>()))
    }

    /// Copies values to fresh memory, which may wait for all work.
    pub(crate) fn upload<T: DeviceRepr>(
        &self,
        operation: &'static str,
        values: &[T],
    ) -> nst_tensor::Result<Block> {
        let block = self.allocate(operation, size_of_val(values))?;
        if !values.is_empty() {
            self.bound(operation, || {
                #[expect(unsafe_code, reason = "a copy to device memory")]
                // SAFETY: the block has at least as many bytes; the copy is done when the call returns.
                unsafe {
                    result::memcpy_htod_sync(block.pointer(), values)
                }
            })?;
        }
        Ok(block)
    }

    /// Copies memory within the device.
    ///
    /// # Safety
    /// Both are valid for `bytes` bytes.
    #[expect(unsafe_code, reason = "a copy between device addresses")]
    pub(crate) unsafe fn copy(
        &self,
        operation: &'static str,
        from: CUdeviceptr,
        to: CUdeviceptr,
        bytes: usize,
    ) -> nst_tensor::Result<()> {
        // SAFETY: the caller's promise.
        self.bound(operation, || unsafe {
            result::memcpy_dtod_async(to, from, bytes, self.queue.cu_stream())
        })
    }

    /// Waits for all work, and copies values to the host.
    pub(crate) fn download<T: DeviceRepr + Clone + Default>(
        &self,
        operation: &'static str,
        block: &Block,
        len: usize,
    ) -> nst_tensor::Result<Vec<T>> {
        let mut values = vec![T::default(); len];
        if len == 0 {
            self.synchronize(operation)?;
            return Ok(values);
        }
        self.bound(operation, || {
            #[expect(unsafe_code, reason = "a copy from device memory")]
            // SAFETY: every block is read for no more than what it was allocated for.
            unsafe {
                result::memcpy_dtoh_sync(&mut values, block.pointer())
            }
        })?;
        Ok(values)
    }

    /// Waits for all work.
    pub(crate) fn synchronize(&self, operation: &'static str) -> nst_tensor::Result<()> {
        self.bound(operation, || self.queue.synchronize())
    }

    /// Starts a kernel on `grid` blocks; on none, nothing happens.
    ///
    /// # Safety
    /// Every address in `parameters` is valid for what the kernel does there with a grid of this size.
    #[expect(unsafe_code, reason = "a kernel launch")]
    pub(crate) unsafe fn launch<P: Parameters>(
        &self,
        kernel: &Kernel,
        grid: [usize; 2],
        parameters: P,
    ) -> nst_tensor::Result<()> {
        if grid.contains(&0) {
            return Ok(());
        }
        let [Ok(x), Ok(y)] = grid.map(u32::try_from) else {
            return Err(self.failed(kernel.name, format!("a grid of {grid:?} blocks is too large")));
        };
        let function = self.function(kernel)?;
        let config =
            LaunchConfig { grid_dim: (x, y, 1), block_dim: (kernel.threads, 1, 1), shared_mem_bytes: 0 };
        let argument = Argument(parameters);
        // SAFETY: `Parameters` promises the layout, the caller the addresses.
        unsafe { self.queue.launch_builder(&function).arg(&argument).launch(config) }
            .map_err(|error| self.failed(kernel.name, said(error)))?;
        Ok(())
    }

    /// A kernel's function; its module is translated for this GPU when it is first needed.
    fn function(&self, kernel: &Kernel) -> nst_tensor::Result<CudaFunction> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(function) = loaded.functions.get(kernel.name) {
            return Ok(function.clone());
        }
        let failed = |error| self.failed(kernel.name, said(error));
        let source = kernel.source;
        if !loaded.modules.contains_key(source.name) {
            let module = self.context.load_module(Ptx::from_src(source.ptx)).map_err(failed)?;
            loaded.modules.insert(source.name, module);
        }
        let function = loaded.modules[source.name].load_function(kernel.name).map_err(failed)?;
        loaded.functions.insert(kernel.name, function.clone());
        Ok(function)
    }

    /// Does something with the context current in this thread.
    fn bound<T>(
        &self,
        operation: &'static str,
        work: impl FnOnce() -> Result<T, DriverError>,
    ) -> nst_tensor::Result<T> {
        self.context
            .bind_to_thread()
            .and_then(|()| work())
            .map_err(|error| self.failed(operation, said(error)))
    }

    pub(crate) fn failed(&self, operation: &'static str, message: impl Into<String>) -> nst_tensor::Error {
        nst_tensor::Error::Backend { operation, device: self.name.clone(), message: message.into() }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stream of {}, {:?}", self.name, self.allocator)
    }
}
