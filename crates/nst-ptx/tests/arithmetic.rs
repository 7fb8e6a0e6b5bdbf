//! Arithmetic through the parser and the machine, against values worked out by hand.

mod kit;

use kit::{double, float, holds, long, word};

const fn minus(x: i32) -> u32 {
    x.cast_unsigned()
}

#[test]
fn integers_of_32_bits() {
    for (instruction, inputs, expected) in [
        ("add.s32 %r10, %r1, -3;", [5, 0, 0], 2),
        ("sub.u32 %r10, %r1, %r2;", [5, 7, 0], minus(-2)),
        ("mul.lo.s32 %r10, %r1, %r2;", [minus(-3), 7, 0], minus(-21)),
        ("mul.hi.u32 %r10, %r1, %r2;", [1 << 31, 6, 0], 3),
        ("mul.hi.s32 %r10, %r1, %r2;", [1 << 31, 6, 0], minus(-3)),
        ("mad.lo.s32 %r10, %r1, %r2, %r3;", [3, 4, 5], 17),
        ("mad.hi.u32 %r10, %r1, %r2, %r3;", [1 << 31, 6, 10], 13),
        ("div.s32 %r10, %r1, %r2;", [minus(-7), 2, 0], minus(-3)),
        ("div.u32 %r10, %r1, %r2;", [minus(-7), 2, 0], 0x7fff_fffc),
        ("rem.s32 %r10, %r1, %r2;", [minus(-7), 2, 0], minus(-1)),
        ("rem.u32 %r10, %r1, 10;", [123, 0, 0], 3),
        ("min.s32 %r10, %r1, %r2;", [minus(-7), 2, 0], minus(-7)),
        ("max.u32 %r10, %r1, %r2;", [minus(-7), 2, 0], minus(-7)),
        ("neg.s32 %r10, %r1;", [7, 0, 0], minus(-7)),
        ("abs.s32 %r10, %r1;", [minus(-7), 0, 0], 7),
        ("and.b32 %r10, %r1, 0xff;", [0x1234, 0, 0], 0x34),
        ("or.b32 %r10, %r1, %r2;", [0x1200, 0x34, 0], 0x1234),
        ("xor.b32 %r10, %r1, %r2;", [6, 3, 0], 5),
        ("not.b32 %r10, %r1;", [0, 0, 0], u32::MAX),
        ("shl.b32 %r10, %r1, %r2;", [1, 31, 0], 1 << 31),
        ("shl.b32 %r10, %r1, %r2;", [1, 32, 0], 0),
        ("shr.u32 %r10, %r1, 4;", [0x80, 0, 0], 8),
        ("shr.s32 %r10, %r1, 40;", [minus(-9), 0, 0], u32::MAX),
        ("bfe.u32 %r10, %r1, 4, 8;", [0xabcd, 0, 0], 0xbc),
        ("bfi.b32 %r10, %r1, %r2, 8, 4;", [0xf, 0x1111_1111, 0], 0x1111_1f11),
        ("bfind.u32 %r10, %r1;", [0x40, 0, 0], 6),
        ("bfind.shiftamt.u32 %r10, %r1;", [0x40, 0, 0], 25),
        ("clz.b32 %r10, %r1;", [1, 0, 0], 31),
        ("popc.b32 %r10, %r1;", [0xf0f, 0, 0], 8),
        ("brev.b32 %r10, %r1;", [3, 0, 0], 0xc000_0000),
        ("prmt.b32 %r10, %r1, %r2, 0x5410;", [0x2211, 0x4433, 0], 0x4433_2211),
        ("lop3.b32 %r10, %r1, %r2, %r3, 0x80;", [7, 6, 12], 4),
        ("shf.l.wrap.b32 %r10, %r1, %r2, %r3;", [1 << 31, 1, 1], 3),
        ("shf.r.wrap.b32 %r10, %r1, %r2, %r3;", [2, 1, 1], 0x8000_0001),
        ("sad.s32 %r10, %r1, %r2, %r3;", [minus(-2), 3, 10], 15),
        ("add.cc.u32 %r4, %r1, %r2; addc.u32 %r10, %r3, 0;", [u32::MAX, 1, 5], 6),
        ("sub.cc.u32 %r4, %r1, %r2; subc.u32 %r10, %r3, 0;", [0, 1, 5], 4),
        ("mad.lo.cc.u32 %r4, %r1, %r1, %r2; madc.hi.u32 %r10, %r1, %r1, 0;", [0x1_0001, minus(-1), 0], 2),
        ("selp.b32 %r10, %r1, %r2, 1;", [3, 4, 0], 3),
        ("slct.s32.s32 %r10, %r1, %r2, %r3;", [3, 4, minus(-1)], 4),
        ("set.lt.u32.s32 %r10, %r1, %r2;", [minus(-1), 0, 0], u32::MAX),
        ("{ .reg .b32 %r10_; mov.b32 %r10_, %r1; mov.b32 %r10, %r10_; }", [9, 0, 0], 9),
    ] {
        assert_eq!(word(instruction, &inputs), expected, "{instruction}");
    }
}

#[test]
fn integers_of_16_bits() {
    let narrow = |instruction: &str, inputs: &[u32]| {
        word(
            &format!("cvt.u16.u32 %rs1, %r1; cvt.u16.u32 %rs2, %r2; {instruction} cvt.u32.u16 %r10, %rs3;"),
            inputs,
        )
    };
    assert_eq!(narrow("add.s16 %rs3, %rs1, %rs2;", &[0xffff, 3]), 2);
    assert_eq!(narrow("mul.lo.s16 %rs3, %rs1, %rs2;", &[300, 300]), 24464);
    assert_eq!(narrow("shr.s16 %rs3, %rs1, 1;", &[0x8000, 0]), 0xc000);
    assert_eq!(narrow("shr.u16 %rs3, %rs1, 1;", &[0x8000, 0]), 0x4000);
    assert_eq!(narrow("neg.s16 %rs3, %rs1;", &[1, 0]), 0xffff);
    assert_eq!(narrow("mov.u16 %rs3, -2;", &[0, 0]), 0xfffe);
    assert_eq!(narrow("min.s16 %rs3, %rs1, %rs2;", &[0xffff, 1]), 0xffff);
    assert_eq!(word("cvt.u16.u32 %rs1, %r1; cvt.s32.s16 %r10, %rs1;", &[0xfffe]), minus(-2));
    assert_eq!(word("cvt.u16.u32 %rs1, %r1; mul.wide.s16 %r10, %rs1, %rs1;", &[0xfffe]), 4);
    assert_eq!(word("mov.b32 {%rs1, %rs2}, %r1; mov.b32 %r10, {%rs2, %rs1};", &[0x1234_5678]), 0x5678_1234);
    assert!(holds("cvt.u16.u32 %rs1, %r1; setp.lt.s16 %p1, %rs1, 0;", &[0xffff]));
    assert!(holds("cvt.u16.u32 %rs1, %r1; setp.eq.s16 %p1, %rs1, -1;", &[0xffff]));
}

#[test]
fn integers_of_64_bits() {
    let big = 0x1_0000_0001;
    for (instruction, inputs, expected) in [
        ("add.s64 %rd10, %rd5, %rd6;", [u64::MAX, 2], 1),
        ("sub.s64 %rd10, %rd5, 1;", [0, 0], u64::MAX),
        ("mul.lo.s64 %rd10, %rd5, %rd6;", [big, big], 0x2_0000_0001),
        ("mul.hi.u64 %rd10, %rd5, %rd6;", [1 << 63, 6], 3),
        ("mad.lo.s64 %rd10, %rd5, %rd6, 7;", [3, 4], 19),
        ("div.s64 %rd10, %rd5, %rd6;", [(-7_i64).cast_unsigned(), 2], (-3_i64).cast_unsigned()),
        ("rem.u64 %rd10, %rd5, %rd6;", [big, 16], 1),
        ("shl.b64 %rd10, %rd5, 33;", [1, 0], 1 << 33),
        ("shr.s64 %rd10, %rd5, 70;", [1 << 63, 0], u64::MAX),
        ("min.s64 %rd10, %rd5, %rd6;", [u64::MAX, 2], u64::MAX),
        ("xor.b64 %rd10, %rd5, %rd6;", [5, 6], 3),
        ("not.b64 %rd10, %rd5;", [0, 0], u64::MAX),
        ("neg.s64 %rd10, %rd5;", [1, 0], u64::MAX),
        ("bfe.u64 %rd10, %rd5, 32, 8;", [0x12_0000_0000, 0], 0x12),
        ("bfi.b64 %rd10, %rd5, %rd6, 32, 4;", [0xf, 0], 0xf_0000_0000),
        ("mov.b64 {%r1, %r2}, %rd5; mov.b64 %rd10, {%r2, %r1};", [big + 1, 0], 0x2_0000_0001),
        ("cvt.u32.u64 %r1, %rd5; cvt.s64.s32 %rd10, %r1;", [0x1_ffff_fffe, 0], (-2_i64).cast_unsigned()),
        ("cvt.u32.u64 %r1, %rd5; cvt.u64.u32 %rd10, %r1;", [0x1_ffff_fffe, 0], 0xffff_fffe),
        ("mov.u32 %r1, -2; mul.wide.s32 %rd10, %r1, 3;", [0, 0], (-6_i64).cast_unsigned()),
        ("mov.u32 %r1, -2; mul.wide.u32 %rd10, %r1, 3;", [0, 0], 0x2_ffff_fffa),
        ("mov.u32 %r1, -2; mad.wide.s32 %rd10, %r1, 3, %rd5;", [10, 0], 4),
        ("popc.b64 %r1, %rd5; cvt.u64.u32 %rd10, %r1;", [big, 0], 2),
        ("clz.b64 %r1, %rd5; cvt.u64.u32 %rd10, %r1;", [big, 0], 31),
        ("setp.gt.u64 %p1, %rd5, %rd6; selp.b64 %rd10, %rd5, %rd6, %p1;", [big, 2], big),
    ] {
        assert_eq!(long(instruction, &inputs), expected, "{instruction}");
    }
}

#[test]
fn floats_of_32_bits() {
    let (nan, tiny) = (f32::NAN, f32::from_bits(1));
    let next = 1.0_f32.next_up();
    for (instruction, inputs, expected) in [
        ("add.f32 %f10, %f1, %f2;", [1.5, 2.0, 0.0], 3.5),
        ("sub.rn.f32 %f10, %f1, %f2;", [1.5, 2.0, 0.0], -0.5),
        ("mul.f32 %f10, %f1, 0f40000000;", [1.5, 0.0, 0.0], 3.0),
        ("fma.rn.f32 %f10, %f1, %f2, %f3;", [next, next, -(next + f32::EPSILON)], 2.0_f32.powi(-46)),
        ("fma.rm.f32 %f10, %f1, %f2, %f3;", [2.0, 3.0, -1e-20], 6.0_f32.next_down()),
        ("add.rz.f32 %f10, %f1, %f2;", [1.0, -1e-20, 0.0], 1.0_f32.next_down()),
        ("div.rn.f32 %f10, %f1, %f2;", [1.0, 3.0, 0.0], 1.0 / 3.0),
        ("rcp.rn.f32 %f10, %f1;", [8.0, 0.0, 0.0], 0.125),
        ("sqrt.rn.f32 %f10, %f1;", [2.0, 0.0, 0.0], std::f32::consts::SQRT_2),
        ("rsqrt.approx.f32 %f10, %f1;", [16.0, 0.0, 0.0], 0.25),
        ("ex2.approx.ftz.f32 %f10, %f1;", [-3.0, 0.0, 0.0], 0.125),
        ("lg2.approx.f32 %f10, %f1;", [8.0, 0.0, 0.0], 3.0),
        ("neg.f32 %f10, %f1;", [8.0, 0.0, 0.0], -8.0),
        ("abs.f32 %f10, %f1;", [-8.0, 0.0, 0.0], 8.0),
        ("min.f32 %f10, %f1, %f2;", [nan, 8.0, 0.0], 8.0),
        ("max.f32 %f10, %f1, %f2;", [-1.0, nan, 0.0], -1.0),
        ("max.f32 %f10, %f1, 0f00000000;", [-0.0, 0.0, 0.0], 0.0),
        ("copysign.f32 %f10, %f1, %f2;", [-1.0, 3.0, 0.0], -3.0),
        ("mul.ftz.f32 %f10, %f1, %f2;", [tiny, 1e30, 0.0], 0.0),
        ("mul.f32 %f10, %f1, %f2;", [tiny, 2.0, 0.0], 2.0 * tiny),
        ("add.sat.f32 %f10, %f1, %f2;", [0.75, 0.75, 0.0], 1.0),
        ("cvt.rzi.f32.f32 %f10, %f1;", [-1.75, 0.0, 0.0], -1.0),
        ("cvt.rni.f32.f32 %f10, %f1;", [2.5, 0.0, 0.0], 2.0),
        ("cvt.rmi.f32.f32 %f10, %f1;", [-1.25, 0.0, 0.0], -2.0),
        ("cvt.rpi.f32.f32 %f10, %f1;", [1.25, 0.0, 0.0], 2.0),
        ("cvt.sat.f32.f32 %f10, %f1;", [nan, 0.0, 0.0], 0.0),
        ("cvt.rzi.s32.f32 %r1, %f1; cvt.rn.f32.s32 %f10, %r1;", [-7.9, 0.0, 0.0], -7.0),
        (
            "cvt.rna.tf32.f32 %r1, %f1; mov.b32 %f10, %r1;",
            [f32::from_bits(0x3f80_1000), 0.0, 0.0],
            1.0 + 2.0_f32.powi(-10),
        ),
        ("cvt.f64.f32 %fd1, %f1; cvt.rn.f32.f64 %f10, %fd1;", [0.1, 0.0, 0.0], 0.1),
        ("selp.f32 %f10, %f1, %f2, 0;", [1.0, 2.0, 0.0], 2.0),
    ] {
        let found = float(instruction, &inputs);
        assert_eq!(found.to_bits(), expected.to_bits(), "{instruction}: {found}");
    }
    assert!(float("max.NaN.f32 %f10, %f1, %f2;", &[1.0, nan]).is_nan());
    assert!(float("min.f32 %f10, %f1, %f2;", &[nan, nan]).is_nan());
}

#[test]
fn floats_of_64_bits() {
    for (instruction, inputs, expected) in [
        ("add.f64 %fd10, %fd5, %fd6;", [0.1, 0.2], 0.1 + 0.2),
        ("mul.f64 %fd10, %fd5, 0d4000000000000000;", [1.5, 0.0], 3.0),
        (
            "fma.rn.f64 %fd10, %fd5, %fd5, %fd6;",
            [1.0 + f64::EPSILON, -1.0 - 2.0 * f64::EPSILON],
            f64::EPSILON * f64::EPSILON,
        ),
        ("div.rn.f64 %fd10, %fd5, %fd6;", [1.0, 3.0], 1.0 / 3.0),
        ("sqrt.rn.f64 %fd10, %fd5;", [2.0, 0.0], std::f64::consts::SQRT_2),
        ("min.f64 %fd10, %fd5, %fd6;", [f64::NAN, 2.0], 2.0),
        ("abs.f64 %fd10, %fd5;", [-2.0, 0.0], 2.0),
        ("cvt.rzi.s64.f64 %rd5, %fd5; cvt.rn.f64.s64 %fd10, %rd5;", [-1e10 - 0.5, 0.0], -1e10),
        ("cvt.rn.f32.f64 %f1, %fd5; cvt.f64.f32 %fd10, %f1;", [0.1, 0.0], f64::from(0.1_f32)),
        ("cvt.rmi.f64.f64 %fd10, %fd5;", [-0.5, 0.0], -1.0),
    ] {
        assert_eq!(double(instruction, &inputs).to_bits(), expected.to_bits(), "{instruction}");
    }
}

#[test]
fn comparisons() {
    let (one, nan) = (1.0_f32.to_bits(), f32::NAN.to_bits());
    for (instruction, inputs, expected) in [
        ("setp.lt.s32 %p1, %r1, %r2;", [minus(-1), 0], true),
        ("setp.lt.u32 %p1, %r1, %r2;", [minus(-1), 0], false),
        ("setp.hs.u32 %p1, %r1, %r2;", [5, 5], true),
        ("setp.ne.b32 %p1, %r1, %r2;", [5, 5], false),
        ("setp.lt.f32 %p1, %f1, %f2;", [nan, one], false),
        ("setp.ltu.f32 %p1, %f1, %f2;", [nan, one], true),
        ("setp.ne.f32 %p1, %f1, %f2;", [nan, one], false),
        ("setp.neu.f32 %p1, %f1, %f2;", [nan, one], true),
        ("setp.nan.f32 %p1, %f1, %f2;", [nan, one], true),
        ("setp.num.f32 %p1, %f1, %f2;", [one, one], true),
        ("setp.gt.ftz.f32 %p1, %f1, 0f00000000;", [1, 0], false),
        ("setp.eq.s32 %p2, %r1, 5; setp.eq.and.s32 %p1, %r2, 6, %p2;", [5, 6], true),
        ("setp.eq.s32 %p2, %r1, 5; setp.eq.or.s32 %p1, %r2, 7, !%p2;", [5, 6], false),
        ("setp.eq.s32 %p2|%p1, %r1, 5;", [5, 6], false),
        ("setp.eq.s32 %p2, %r1, 5; setp.ne.xor.s32 %p1, %r2, 6, %p2;", [5, 6], true),
        ("setp.eq.s32 %p2, %r1, 5; not.pred %p3, %p2; or.pred %p1, %p2, %p3;", [5, 6], true),
        ("testp.finite.f32 %p1, %f1;", [nan, 0], false),
        ("testp.infinite.f32 %p1, %f1;", [0xff80_0000, 0], true),
        ("mov.pred %p1, 0; setp.eq.s32 %p2, %r1, 5; @!%p2 mov.pred %p1, 1;", [6, 0], true),
    ] {
        assert_eq!(holds(instruction, &inputs), expected, "{instruction}");
    }
}

#[test]
fn what_is_not_there_is_refused_with_its_line() {
    for (line, text) in [
        "add.rm.f64 %fd1, %fd2, %fd3;",
        "wmma.load.a.sync.aligned.row.m16n16k16.shared.f16 {%r1}, [%r2];",
        "add.f16 %rs1, %rs2, %rs3;",
        "call.uni (%r1), function, (%r2);",
        "mov.u64 %rd1, %clock64;",
        "ld.global.u32 %r1, [nowhere];",
        "bra $nowhere;",
        "add.s32 %r1, %r2;",
        "tex.1d.v4.f32.s32 {%f1, %f2, %f3, %f4}, [%rd1, {%r1}];",
    ]
    .into_iter()
    .enumerate()
    {
        let snippet = format!("{}{text}", "\n".repeat(line));
        let error = nst_ptx::Module::parse(&kit::kernel("", &snippet)).expect_err(text);
        let nst_ptx::Error::Parse { line: found, .. } = error else { panic!("{text}: {error}") };
        assert_eq!(found, kit::FIRST_LINE + line as u32, "{text}");
    }
}

#[test]
fn registers_hold_nothing_to_rely_on() {
    assert_eq!(word("mov.b32 %r10, %r20;", &[0; 3]), u32::MAX);
    assert!(
        f32::from_bits(word("mov.b32 %f9, %r20; add.f32 %f9, %f9, 0f3f800000; mov.b32 %r10, %f9;", &[0; 3]))
            .is_nan()
    );
}
