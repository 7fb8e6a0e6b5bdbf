//! Spaces, widths, vectors, atomic operations, asynchronous copies.

mod kit;

use kit::{bytes, execute};
use nst_ptx::{Checks, Error, Launch, Memory, Module, run};

fn once(declarations: &str, snippet: &str, input: &[u32], outputs: usize) -> Vec<u32> {
    execute(declarations, snippet, 1, input, outputs).unwrap_or_else(|error| panic!("{snippet}: {error}"))
}

#[test]
fn widths_and_signs() {
    for (load, expected) in [
        ("ld.global.u8 %r10, [%rd1+1];", 0xef),
        ("ld.global.s8 %r10, [%rd1+1];", 0xffff_ffef),
        ("ld.global.nc.u16 %r10, [%rd1+2];", 0xabcd),
        ("ld.global.s16 %r10, [%rd1+2];", 0xffff_abcd),
        ("ld.global.s8 %rs1, [%rd1+1]; cvt.u32.u16 %r10, %rs1;", 0xffef),
        ("ld.global.v2.u16 {%rs1, %rs2}, [%rd1]; mov.b32 %r10, {%rs2, %rs1};", 0xef01_abcd),
        ("ld.global.v4.u8 {%r1, %r2, %r3, %r4}, [%rd1]; add.s32 %r10, %r3, %r4;", 0xcd + 0xab),
        ("ld.global.v2.u32 {%r1, %r2}, [%rd1]; mov.u32 %r10, %r2;", 7),
        ("ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%rd1]; mov.b32 %r10, %f4;", 9),
        ("ld.global.v2.u64 {%rd5, %rd6}, [%rd1]; shr.u64 %rd6, %rd6, 32; cvt.u32.u64 %r10, %rd6;", 9),
        ("ld.global.s32 %rd5, [%rd1]; shr.u64 %rd5, %rd5, 32; cvt.u32.u64 %r10, %rd5;", u32::MAX),
        ("ld.volatile.global.L1::no_allocate.u32 %r10, [%rd1+8];", 8),
    ] {
        let snippet = format!("{load} st.global.u32 [%rd0], %r10;");
        assert_eq!(once("", &snippet, &[0xabcd_ef01, 7, 8, 9], 1), [expected], "{load}");
    }
    let snippet = "mov.u32 %r1, 0x1234; st.global.u32 [%rd0], 0; st.global.u8 [%rd0+1], %r1; st.global.u16 [%rd0+2], %r1;";
    assert_eq!(once("", snippet, &[0], 1), [0x1234_3400]);
    let snippet =
        "mov.u64 %rd5, 0x100000002; st.global.v2.u64 [%rd0], {%rd5, %rd5}; st.global.u32 [%rd0], %rd5;";
    assert_eq!(once("", snippet, &[0], 4), [2, 1, 2, 1]);
    let snippet =
        "mov.u16 %rs1, 0x1122; st.global.v2.u8 [%rd0], {%rs1, 3}; st.global.v2.u8 [%rd0+2], {4, 5};";
    assert_eq!(once("", snippet, &[0], 1), [0x0504_0322]);
}

#[test]
fn shared_memory_in_all_widths() {
    let declarations = ".shared .align 16 .b8 table[32];";
    let snippet = "mov.u32 %r1, table; mov.u64 %rd5, table;
st.shared.v4.u32 [%r1], {1, 2, 3, 4}; st.shared.u16 [%r1+2], 0xabcd; st.shared.u8 [%rd5+5], 0x77;
ld.shared.v2.u64 {%rd6, %rd7}, [table]; ld.shared.u8 %r2, [table+3]; ld.shared.s16 %r3, [%r1+2];
st.global.v2.u64 [%rd0], {%rd6, %rd7}; st.global.v2.u32 [%rd0+16], {%r2, %r3};";
    assert_eq!(once(declarations, snippet, &[0], 6), [0xabcd_0001, 0x7702, 3, 4, 0xab, 0xffff_abcd]);
}

#[test]
fn dynamic_shared_memory_follows_the_static() {
    let declarations = ".extern .shared .align 16 .b8 dynamic[]; .shared .align 4 .b8 fixed[20];";
    let snippet =
        "mov.u32 %r1, dynamic; mov.u32 %r2, fixed; sub.s32 %r3, %r1, %r2; st.global.u32 [%rd0], %r3;
st.shared.u32 [dynamic+252], 5; ld.shared.u32 %r4, [%r1+252]; st.global.u32 [%rd0+4], %r4;";
    assert_eq!(once(declarations, snippet, &[0], 2), [32, 5]);
}

#[test]
fn variables_of_the_module() {
    let declarations =
        ".global .align 4 .u32 counter = 40; .const .align 8 .b8 table[12] = {1, 2, 3, 4, 0xff};";
    let snippet = "ld.global.u32 %r1, [counter]; add.s32 %r1, %r1, 2; st.global.u32 [counter], %r1;
ld.global.u32 %r2, [counter]; ld.const.u32 %r3, [table]; ld.const.u32 %r4, [table+4];
mov.u64 %rd5, table; ld.u8 %r5, [%rd5+3]; st.global.v4.u32 [%rd0], {%r2, %r3, %r4, %r5};";
    assert_eq!(once(declarations, snippet, &[0], 4), [42, 0x0403_0201, 0xff, 4]);
}

#[test]
fn generic_addresses_reach_every_space() {
    let declarations = ".shared .align 4 .b8 words[8];";
    let snippet = ".local .align 8 .b8 depot[16];
mov.u64 %rd5, depot; cvta.local.u64 %rd6, %rd5; st.u32 [%rd6+4], 11; ld.local.u32 %r1, [%rd5+4];
mov.u64 %rd7, words; cvta.shared.u64 %rd8, %rd7; st.u32 [%rd8+4], 12; ld.shared.u32 %r2, [words+4];
cvta.to.shared.u64 %rd9, %rd8; ld.shared.u32 %r3, [%rd9+4];
ld.u32 %r4, [%rd1]; st.global.v4.u32 [%rd0], {%r1, %r2, %r3, %r4};
mov.b64 %rd10, input; ld.param.u64 %rd11, [%rd10]; sub.s64 %rd11, %rd11, %rd1; st.global.u64 [%rd0+16], %rd11;";
    assert_eq!(once(declarations, snippet, &[13], 6), [11, 12, 12, 13, 0, 0]);
}

#[test]
fn parameters_by_value() {
    let ptx = ".version 8.0 .target sm_75 .address_size 64
.visible .entry test(.param .u8 flag, .param .align 8 .b8 record[24], .param .u32 count)
{ .reg .b64 %rd<4>; .reg .b32 %r<4>;
ld.param.u64 %rd0, [record+8]; mov.b64 %rd1, record; ld.param.u32 %r0, [%rd1+16];
ld.param.u8 %r1, [flag]; ld.param.u32 %r2, [count];
st.global.v2.u32 [%rd0], {%r0, %r1}; st.global.u32 [%rd0+8], %r2; ret; }";
    let module = Module::parse(ptx).unwrap();
    let kernel = module.kernel("test").unwrap();
    let layout: Vec<_> = kernel.parameters().iter().map(|p| (p.offset, p.size)).collect();
    assert_eq!(layout, [(0, 1), (8, 24), (32, 4)]);
    let memory = Memory::new(1 << 10);
    let output = memory.allocate(16).unwrap();
    let mut parameters = vec![0; 36];
    parameters[0] = 200;
    parameters[16..24].copy_from_slice(&output.to_le_bytes());
    parameters[24..28].copy_from_slice(&bytes(&[77]));
    parameters[32..36].copy_from_slice(&bytes(&[88]));
    let launch =
        Launch { kernel, grid: [1; 3], block: [3, 1, 1], dynamic_shared: 0, parameters: &parameters };
    run(&launch, &memory, Checks::ALL).unwrap();
    let mut data = [0; 12];
    memory.read(output, &mut data).unwrap();
    assert_eq!(kit::words(&data), [77, 200, 88]);
    let short = Launch { parameters: &parameters[..35], ..launch };
    assert!(matches!(run(&short, &memory, Checks::ALL), Err(Error::Launch { .. })));
    let wide = Launch { block: [1025, 1, 1], ..launch };
    assert!(matches!(run(&wide, &memory, Checks::ALL), Err(Error::Launch { .. })));
}

#[test]
fn atomic_operations() {
    // 64 threads on one word each of global and shared memory.
    let declarations = ".shared .align 8 .b8 total[8];";
    let snippet = "setp.eq.s32 %p1, %r0, 0; @%p1 st.shared.u64 [total], 1;
bar.sync 0;
atom.global.add.u32 %r1, [%rd1], 2; red.global.max.u32 [%rd1+4], %r0; atom.shared.add.u64 %rd5, [total], 3;
bar.sync 0;
ld.global.u32 %r2, [%rd1]; ld.global.u32 %r3, [%rd1+4]; ld.shared.u32 %r4, [total];
st.global.u32 [%rd0], %r2; st.global.u32 [%rd0+4], %r3; st.global.u32 [%rd0+8], %r4;";
    let output = execute(declarations, snippet, 64, &[100, 0], 3).unwrap();
    assert_eq!(output, [228, 63, 193]);
    let swap = "atom.global.cas.b32 %r1, [%rd1], 5, 9; atom.global.exch.b32 %r2, [%rd1], 4; ld.global.u32 %r3, [%rd1];
atom.global.add.f32 %f1, [%rd1+4], 0f3F800000; ld.global.u32 %r4, [%rd1+4]; st.global.v4.u32 [%rd0], {%r1, %r2, %r3, %r4};";
    assert_eq!(once("", swap, &[5, 1.5_f32.to_bits()], 4), [5, 9, 4, 2.5_f32.to_bits()]);
}

#[test]
fn asynchronous_copies_fill_with_zeros() {
    let declarations = ".shared .align 16 .b8 buffer[64];";
    let snippet = "mov.u32 %r1, buffer;
cp.async.cg.shared.global.L2::128B [%r1], [%rd1], 16;
cp.async.ca.shared.global [%r1+16], [%rd1], 16, 8;
cp.async.commit_group;
cp.async.ca.shared.global [%r1+32], [%rd1+4], 4;
cp.async.ca.shared.global [%r1+40], [%rd1], 8, 0;
cp.async.commit_group;
cp.async.wait_group 1;
ld.shared.v4.u32 {%r2, %r3, %r4, %r5}, [%r1]; st.global.v4.u32 [%rd0], {%r2, %r3, %r4, %r5};
ld.shared.v4.u32 {%r2, %r3, %r4, %r5}, [%r1+16]; st.global.v4.u32 [%rd0+16], {%r2, %r3, %r4, %r5};
cp.async.wait_all;
ld.shared.u32 %r2, [%r1+32]; ld.shared.u32 %r3, [%r1+44]; st.global.v2.u32 [%rd0+32], {%r2, %r3};";
    let output = once(declarations, snippet, &[1, 2, 3, 4], 10);
    assert_eq!(output, [1, 2, 3, 4, 1, 2, 0, 0, 2, 0]);
}

#[test]
fn memory_keeps_count_of_itself() {
    let memory = Memory::new(1000);
    let a = memory.allocate(600).unwrap();
    assert!(a.is_multiple_of(512));
    assert_eq!(memory.allocate(500), Err(Error::OutOfMemory { asked: 500, in_use: 600, capacity: 1000 }));
    let b = memory.allocate(400).unwrap();
    memory.free(a).unwrap();
    assert_eq!(memory.free(a), Err(Error::NotAllocated { address: a }), "a double free");
    assert_eq!((memory.in_use(), memory.peak(), memory.capacity()), (400, 1000, 1000));
    assert_eq!(memory.allocations(), [(b, 400)], "what has leaked");
    memory.write(b + 1, &[1, 2, 3, 4, 5, 6, 7]).unwrap();
    memory.copy(b + 1, b + 101, 7).unwrap();
    memory.fill(b + 103, 9, 2).unwrap();
    let mut data = [0; 8];
    memory.read(b + 101, &mut data[..7]).unwrap();
    assert_eq!(data, [1, 2, 9, 9, 5, 6, 7, 0]);
    assert_eq!(memory.read(b + 393, &mut data), Err(Error::Range { address: b + 393, bytes: 8 }));
    memory.read(b + 400, &mut []).unwrap();
    let neighbours: Vec<u64> = (0..8).map(|_| memory.allocate(4).unwrap()).collect();
    for address in neighbours {
        assert!((4..4096).all(|beyond| memory.read(address + beyond, &mut [0]).is_err()), "a gap after each");
    }
}
