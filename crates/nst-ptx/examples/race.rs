//! Finds a missing barrier: each thread reads what its neighbour has written.

use nst_ptx::{Checks, Error, Launch, Memory, Module, run};

const KERNEL: &str = ".version 8.0
.target sm_75 .address_size 64
.visible .entry shift(.param .u64 output)
{
    .reg .b32 %r<6>; .reg .b64 %rd<4>;
    .shared .align 4 .b8 line[128];
    mov.u32 %r0, %tid.x;
    shl.b32 %r1, %r0, 2;
    mov.u32 %r2, line;
    add.s32 %r3, %r2, %r1;
    st.shared.u32 [%r3], %r0;
    // Here bar.sync is missing.
    xor.b32 %r4, %r1, 4;
    add.s32 %r4, %r2, %r4;
    ld.shared.u32 %r5, [%r4];
    ld.param.u64 %rd0, [output];
    mul.wide.u32 %rd1, %r0, 4;
    add.s64 %rd2, %rd0, %rd1;
    st.global.u32 [%rd2], %r5;
    ret;
}";

fn main() -> Result<(), Error> {
    let module = Module::parse(KERNEL)?;
    let memory = Memory::new(1 << 20);
    let output = memory.allocate(128)?.to_le_bytes();
    for kernel in module.kernels() {
        let launch =
            Launch { kernel, grid: [1; 3], block: [32, 1, 1], dynamic_shared: 0, parameters: &output };
        match run(&launch, &memory, Checks::ALL) {
            Ok(counts) => println!("{} instructions, no mistake", counts.mix.total()),
            Err(mistake) => println!("{mistake}"),
        }
    }
    Ok(())
}
