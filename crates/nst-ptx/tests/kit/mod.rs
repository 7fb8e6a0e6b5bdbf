//! Runs a few lines of PTX.

#![allow(dead_code, reason = "each test file uses its part")]

use nst_ptx::{Checks, Error, FaultKind, Launch, Memory, Module, run};

/// The line of a snippet's first line in the module.
pub(crate) const FIRST_LINE: u32 = 15;

/// A kernel around a snippet. `%rd0` is the output, `%rd1` the input, `%r0` the thread; `%rd30` and `%rd31` are the thread's words
/// of output and input.
pub(crate) fn kernel(declarations: &str, snippet: &str) -> String {
    assert!(!declarations.contains('\n'), "lines are counted");
    format!(
        ".version 8.0
.target sm_80
.address_size 64
{declarations}
.visible .entry test(.param .u64 output, .param .u64 input)
{{
.reg .pred %p<16>; .reg .b16 %rs<16>; .reg .b32 %r<64>; .reg .f32 %f<64>; .reg .b64 %rd<32>; .reg .f64 %fd<16>;
ld.param.u64 %rd0, [output];
ld.param.u64 %rd1, [input];
cvta.to.global.u64 %rd0, %rd0;
mov.u32 %r0, %tid.x;
mul.wide.u32 %rd2, %r0, 4;
add.s64 %rd30, %rd0, %rd2;
add.s64 %rd31, %rd1, %rd2;
{snippet}
ret;
}}
"
    )
}

/// What a snippet makes of the input, run by a block of threads.
pub(crate) fn execute(
    declarations: &str,
    snippet: &str,
    threads: u32,
    input: &[u32],
    outputs: usize,
) -> Result<Vec<u32>, Error> {
    let module = Module::parse(&kernel(declarations, snippet))?;
    let memory = Memory::new(1 << 20);
    let output = memory.allocate(4 * outputs as u64)?;
    let input_address = memory.allocate(4 * input.len() as u64)?;
    memory.write(input_address, &bytes(input))?;
    let parameters: Vec<u8> =
        [output, input_address].iter().flat_map(|address| address.to_le_bytes()).collect();
    let launch = Launch {
        kernel: module.kernel("test").expect("it is there"),
        grid: [1; 3],
        block: [threads, 1, 1],
        dynamic_shared: 256,
        parameters: &parameters,
    };
    run(&launch, &memory, Checks { budget: 100_000, ..Checks::ALL })?;
    let mut data = vec![0; 4 * outputs];
    memory.read(output, &mut data)?;
    Ok(words(&data))
}

/// The kind of the mistake that a snippet makes, and its line within the snippet, from 1.
pub(crate) fn mistake(declarations: &str, snippet: &str, threads: u32) -> (FaultKind, u32) {
    match execute(declarations, snippet, threads, &[1; 64], 64) {
        Err(Error::Fault(fault)) => (fault.kind, fault.line + 1 - FIRST_LINE),
        other => panic!("no mistake was found: {other:?}"),
    }
}

pub(crate) fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

pub(crate) fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().expect("four"))).collect()
}

/// `%r10` after an instruction on `%r1`, `%r2`, `%r3`.
pub(crate) fn word(instruction: &str, inputs: &[u32]) -> u32 {
    let mut input = inputs.to_vec();
    input.resize(3, 0);
    let snippet = format!(
        "ld.global.u32 %r1, [%rd1]; ld.global.u32 %r2, [%rd1+4]; ld.global.u32 %r3, [%rd1+8]; mov.u32 %r10, 77;
{instruction}
st.global.u32 [%rd0], %r10;"
    );
    execute("", &snippet, 1, &input, 1).unwrap_or_else(|error| panic!("{instruction}: {error}"))[0]
}

/// `%f10` after an instruction on `%f1`, `%f2`, `%f3`.
pub(crate) fn float(instruction: &str, inputs: &[f32]) -> f32 {
    let words: Vec<u32> = inputs.iter().map(|input| input.to_bits()).collect();
    let snippet =
        format!("mov.b32 %f1, %r1; mov.b32 %f2, %r2; mov.b32 %f3, %r3; {instruction} mov.b32 %r10, %f10;");
    f32::from_bits(word(&snippet, &words))
}

/// `%rd10` after an instruction on `%rd5`, `%rd6`, `%rd7`.
pub(crate) fn long(instruction: &str, inputs: &[u64]) -> u64 {
    let mut input: Vec<u32> = inputs.iter().flat_map(|input| [*input as u32, (input >> 32) as u32]).collect();
    input.resize(6, 0);
    let snippet = format!(
        "ld.global.u64 %rd5, [%rd1]; ld.global.u64 %rd6, [%rd1+8]; ld.global.u64 %rd7, [%rd1+16];
{instruction}
st.global.u64 [%rd0], %rd10;"
    );
    let output = execute("", &snippet, 1, &input, 2).unwrap_or_else(|error| panic!("{instruction}: {error}"));
    u64::from(output[1]) << 32 | u64::from(output[0])
}

/// `%fd10` after an instruction on `%fd5`, `%fd6`, `%fd7`.
pub(crate) fn double(instruction: &str, inputs: &[f64]) -> f64 {
    let words: Vec<u64> = inputs.iter().map(|input| input.to_bits()).collect();
    let snippet = format!(
        "mov.b64 %fd5, %rd5; mov.b64 %fd6, %rd6; mov.b64 %fd7, %rd7; {instruction} mov.b64 %rd10, %fd10;"
    );
    f64::from_bits(long(&snippet, &words))
}

/// `%p1` after an instruction on words and floats.
pub(crate) fn holds(instruction: &str, inputs: &[u32]) -> bool {
    let floats = "mov.b32 %f1, %r1; mov.b32 %f2, %r2;";
    word(&format!("{floats} {instruction} selp.u32 %r10, 1, 0, %p1;"), inputs) == 1
}
