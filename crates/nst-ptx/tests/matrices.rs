//! Matrix products of a warp, against plain ones.

mod kit;

use kit::execute;

/// What the four registers of each lane of C and D, and those of A and B, hold (PTX ISA 8.0, section 9.7.13.4.7).
fn fragment_a(lane: usize, register: usize) -> (usize, usize) {
    (lane / 4 + 8 * (register % 2), lane % 4 + 4 * (register / 2))
}

fn fragment_b(lane: usize, register: usize) -> (usize, usize) {
    (lane % 4 + 4 * register, lane / 4)
}

fn fragment_c(lane: usize, register: usize) -> (usize, usize) {
    (lane / 4 + 8 * (register / 2), 2 * (lane % 4) + register % 2)
}

/// Small integers, all different within a matrix, so that no order of sums rounds.
fn a(row: usize, column: usize) -> f32 {
    (row * 8 + column) as f32 - 60.0
}

fn b(row: usize, column: usize) -> f32 {
    (row * 8 + column) as f32 - 30.0
}

fn c(row: usize, column: usize) -> f32 {
    (row * 8 + column) as f32 * 1000.0
}

/// The product as the warp makes it, with `swap` exchanging two registers of A.
fn product(k: usize, swap: bool) -> Vec<f32> {
    let mut input = Vec::new();
    for lane in 0..32 {
        for register in 0..k / 2 {
            let (row, column) = fragment_a(lane, register);
            // The 13 low bits must not matter.
            input.push(a(row, column).to_bits() | 0x1fff);
        }
        for register in 0..k / 4 {
            let (row, column) = fragment_b(lane, register);
            input.push(b(row, column).to_bits() | 0xfff);
        }
        for register in 0..4 {
            let (row, column) = fragment_c(lane, register);
            input.push(c(row, column).to_bits());
        }
    }
    let registers = if k == 8 { 10 } else { 7 };
    let load = |i| format!("ld.global.u32 %r{}, [%rd5+{}]; ", i + 1, 4 * i);
    let loads = (0..registers).map(load).collect::<Vec<_>>().concat();
    let operands = match (k, swap) {
        (8, false) => "{%r1, %r2, %r3, %r4}, {%r5, %r6}, {%f1, %f2, %f3, %f4}",
        (8, true) => "{%r1, %r3, %r2, %r4}, {%r5, %r6}, {%f1, %f2, %f3, %f4}",
        _ => "{%r1, %r2}, {%r3}, {%f1, %f2, %f3, %f4}",
    };
    let sum = |i| format!("mov.b32 %f{i}, %r{}; ", registers - 4 + i);
    let moves = (1..=4).map(sum).collect::<Vec<_>>().concat();
    let snippet = format!(
        "mad.wide.u32 %rd5, %r0, {}, %rd1; {loads} {moves}
mma.sync.aligned.m16n8k{k}.row.col.f32.tf32.tf32.f32 {{%f1, %f2, %f3, %f4}}, {operands};
mad.wide.u32 %rd6, %r0, 16, %rd0; st.global.v4.f32 [%rd6], {{%f1, %f2, %f3, %f4}};",
        4 * registers
    );
    let output = execute("", &snippet, 32, &input, 128).expect("it runs");
    let mut d = vec![0.0; 128];
    for (index, bits) in output.into_iter().enumerate() {
        let (row, column) = fragment_c(index / 4, index % 4);
        d[row * 8 + column] = f32::from_bits(bits);
    }
    d
}

fn reference(k: usize) -> Vec<f32> {
    let element = |row, column| (0..k).map(|i| a(row, i) * b(i, column)).sum::<f32>() + c(row, column);
    (0..128).map(|index| element(index / 8, index % 8)).collect()
}

#[test]
fn products_agree_with_plain_ones() {
    assert_eq!(product(8, false), reference(8));
    assert_eq!(product(4, false), reference(4));
}

#[test]
fn a_wrong_fragment_shows() {
    assert_ne!(product(8, true), reference(8));
}

#[test]
fn matrices_are_loaded_row_by_row() {
    // Row r of matrix m at 128 m + 16 r; element e of it is 100 m + 10 r + e.
    let input: Vec<u32> = (0..64_u32)
        .map(|word| {
            let (m, r, e) = (word / 32, word / 4 % 8, 2 * (word % 4));
            let element = 100 * m + 10 * r + e;
            (element + 1) << 16 | element
        })
        .collect();
    let load = |transposed: &str| {
        let snippet = format!(
            "mov.u64 %rd9, table; mul.wide.u32 %rd5, %r0, 8; add.s64 %rd6, %rd1, %rd5; add.s64 %rd7, %rd9, %rd5;
ld.global.u64 %rd8, [%rd6]; st.shared.u64 [%rd7], %rd8; bar.sync 0;
and.b32 %r1, %r0, 15; mad.wide.u32 %rd10, %r1, 16, %rd9;
ldmatrix.sync.aligned.m8n8.x2{transposed}.shared.b16 {{%r2, %r3}}, [%rd10];
add.s64 %rd11, %rd0, %rd5; st.global.v2.u32 [%rd11], {{%r2, %r3}};"
        );
        execute(".shared .align 16 .b8 table[256];", &snippet, 32, &input, 64).unwrap()
    };
    let (plain, transposed) = (load(""), load(".trans"));
    for lane in 0..32_u32 {
        for m in 0..2 {
            let (r, t) = (lane / 4, 2 * (lane % 4));
            let at = (2 * lane + m) as usize;
            assert_eq!(plain[at], (100 * m + 10 * r + t + 1) << 16 | (100 * m + 10 * r + t));
            assert_eq!(transposed[at], (100 * m + 10 * (t + 1) + r) << 16 | (100 * m + 10 * t + r));
        }
    }
}
