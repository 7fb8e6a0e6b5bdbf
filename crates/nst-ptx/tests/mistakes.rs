//! Planted mistakes: each must be found, with its kind and line.

mod kit;

use kit::mistake;
use nst_ptx::FaultKind::{
    DivergentBarrier, Endless, Misaligned, OutOfBounds, PendingCopy, Race, Trap, Uninitialised,
};

const TABLE: &str = ".shared .align 16 .b8 table[256];";
/// `%rd10` is the thread's word of the table, `%rd11` its neighbour's.
const PLACES: &str = "mov.u64 %rd9, table; add.s64 %rd10, %rd9, %rd2; add.s64 %rd11, %rd10, 4;";

#[test]
fn a_missing_barrier() {
    let snippet = |between: &str| {
        format!(
            "{PLACES}
st.shared.u32 [%rd10], %r0;
{between}
setp.lt.u32 %p1, %r0, 62; @%p1 ld.shared.u32 %r1, [%rd11];
st.global.u32 [%rd30], %r0;"
        )
    };
    assert_eq!(mistake(TABLE, &snippet(""), 32), (Race, 4));
    assert_eq!(mistake(TABLE, &snippet("bar.warp.sync 0xffffffff;"), 64), (Race, 2), "between the warps");
    assert_eq!(mistake(TABLE, &snippet("shfl.sync.bfly.b32 %r5, %r0, 1, 31, 0xffffffff;"), 32), (Race, 4));
    kit::execute(TABLE, &snippet("bar.sync 0;"), 64, &[0], 64).unwrap();
    kit::execute(TABLE, &snippet("bar.warp.sync 0xffffffff;").replace("62", "31"), 32, &[0], 64).unwrap();
}

#[test]
fn a_missing_barrier_before_the_next_round() {
    let snippet = format!(
        "{PLACES} mov.u32 %r5, 0;
$loop:
st.shared.u32 [%rd10], %r0;
bar.sync 0;
setp.lt.u32 %p1, %r0, 63; @%p1 ld.shared.u32 %r1, [%rd11];
add.s32 %r5, %r5, 1; setp.lt.s32 %p2, %r5, 2; @%p2 bra $loop;"
    );
    assert_eq!(
        mistake(TABLE, &snippet, 64),
        (Race, 3),
        "the second round's store meets the first one's loads"
    );
}

#[test]
fn lanes_that_write_different_values_to_one_place() {
    assert_eq!(mistake(TABLE, "st.shared.u32 [table], %r0;", 32), (Race, 1));
    kit::execute(TABLE, "st.shared.u32 [table], 7; st.global.u32 [%rd30], 1;", 32, &[0], 32).unwrap();
}

#[test]
fn bytes_of_one_word_are_places_of_their_own() {
    let snippet =
        "cvt.u64.u32 %rd5, %r0; mov.u64 %rd6, table; add.s64 %rd5, %rd5, %rd6; st.shared.u8 [%rd5], %r0;
st.global.u32 [%rd30], 1;";
    kit::execute(TABLE, snippet, 64, &[0], 64).unwrap();
}

#[test]
fn a_halo_that_reads_out_of_bounds() {
    let snippet = "setp.gt.u32 %p1, %r0, 0;
@%p1 ld.global.u32 %r1, [%rd31+-4];
ld.global.u32 %r2, [%rd31];
ld.global.u32 %r3, [%rd31+4];";
    assert_eq!(mistake("", snippet, 64), (OutOfBounds, 4), "the last thread has no neighbour on the right");
    assert_eq!(mistake("", "ld.global.u32 %r1, [%rd31+-4];", 64), (OutOfBounds, 1));
    assert_eq!(mistake("", "mov.u64 %rd5, 16;\nst.global.u32 [%rd5], 1;", 1), (OutOfBounds, 2));
    assert_eq!(mistake("", "ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%rd1+256];", 1), (OutOfBounds, 1));
}

#[test]
fn beyond_shared_local_and_parameter_memory() {
    assert_eq!(
        mistake(TABLE, "ld.shared.u32 %r1, [table+508];\nld.shared.u32 %r1, [table+512];", 1),
        (Uninitialised, 1)
    );
    assert_eq!(
        mistake(TABLE, "st.shared.u32 [table+508], 1;\nst.shared.u32 [table+512], 1;", 1),
        (OutOfBounds, 2)
    );
    let local = ".local .align 4 .b8 depot[8]; mov.u64 %rd5, depot;\nst.local.u32 [%rd5+8], 1;";
    assert_eq!(mistake("", local, 1), (OutOfBounds, 2));
    assert_eq!(mistake("", "ld.param.u32 %r1, [input+8];", 1), (OutOfBounds, 1));
}

#[test]
fn misaligned_addresses() {
    assert_eq!(mistake("", "ld.global.u32 %r1, [%rd1+2];", 1), (Misaligned, 1));
    assert_eq!(mistake("", "ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%rd1+8];", 1), (Misaligned, 1));
    assert_eq!(mistake(TABLE, "st.shared.u64 [table+4], 1;", 1), (Misaligned, 1));
    assert_eq!(mistake(TABLE, "cp.async.cg.shared.global [table], [%rd1+4], 16;", 1), (Misaligned, 1));
    assert_eq!(mistake(TABLE, "cp.async.cg.shared.global [table+8], [%rd1], 16;", 1), (Misaligned, 1));
}

#[test]
fn divergent_barriers() {
    let within_a_warp = "setp.lt.u32 %p1, %r0, 16;
@!%p1 bra $end;
bar.sync 0;
$end:
st.global.u32 [%rd30], 1;";
    assert_eq!(mistake("", within_a_warp, 32), (DivergentBarrier, 3));
    let by_guard = "setp.lt.u32 %p1, %r0, 16;\n@%p1 bar.sync 0;";
    assert_eq!(mistake("", by_guard, 32), (DivergentBarrier, 2));
    let between_warps = "setp.lt.u32 %p1, %r0, 32;\n@%p1 bar.sync 0;\nst.global.u32 [%rd30], 1;";
    assert_eq!(mistake("", between_warps, 64), (DivergentBarrier, 2));
    let after_an_exit = "setp.ge.u32 %p1, %r0, 50;\n@%p1 exit;\nbar.sync 0;";
    assert_eq!(mistake("", after_an_exit, 64), (DivergentBarrier, 3));
    let two_places = "setp.lt.u32 %p1, %r0, 32;
@%p1 bra $first;
bar.sync 0;
bra.uni $end;
$first:
bar.sync 0;
$end:";
    assert_eq!(mistake("", two_places, 64), (DivergentBarrier, 6));
    let shuffle = "setp.lt.u32 %p1, %r0, 16;\n@%p1 shfl.sync.bfly.b32 %r1, %r0, 1, 31, 0xffffffff;";
    assert_eq!(mistake("", shuffle, 32), (DivergentBarrier, 2));
    assert_eq!(mistake("", "bar.warp.sync 0xff;", 32), (DivergentBarrier, 1), "lane 8 is not named");
}

#[test]
fn a_copy_that_is_not_waited_for() {
    let snippet = |wait: &str, barrier: &str| {
        format!(
            "{PLACES} and.b64 %rd12, %rd2, 127;
cp.async.ca.shared.global [%rd10], [%rd31], 4;
cp.async.commit_group;
{wait}
{barrier}
xor.b32 %r5, %r0, 1; mad.wide.u32 %rd13, %r5, 4, %rd9;
ld.shared.u32 %r1, [%rd13];
st.global.u32 [%rd30], %r1;"
        )
    };
    assert_eq!(mistake(TABLE, &snippet("", "bar.sync 0;"), 64), (PendingCopy, 7));
    assert_eq!(mistake(TABLE, &snippet("cp.async.wait_group 1;", "bar.sync 0;"), 64), (PendingCopy, 7));
    assert_eq!(
        mistake(TABLE, &snippet("cp.async.wait_group 0;", ""), 64),
        (Race, 7),
        "waiting is each thread's own"
    );
    kit::execute(TABLE, &snippet("cp.async.wait_group 0;", "bar.sync 0;"), 64, &[1; 64], 64).unwrap();
    let overwritten = "cp.async.ca.shared.global [table], [%rd1], 4;\nst.shared.u32 [table], 1;";
    assert_eq!(mistake(TABLE, overwritten, 1), (PendingCopy, 2));
}

#[test]
fn what_nothing_has_written() {
    assert_eq!(mistake("", "ld.global.u32 %r1, [%rd30];", 32), (Uninitialised, 1));
    assert_eq!(
        mistake("", "st.global.u8 [%rd0], 1;\nld.global.u8 %r1, [%rd0];\nld.global.u16 %r1, [%rd0];", 1),
        (Uninitialised, 3)
    );
    assert_eq!(mistake("", "red.global.add.u32 [%rd0], 1;", 1), (Uninitialised, 1));
    assert_eq!(mistake(TABLE, "ld.shared.v2.u32 {%r1, %r2}, [table];", 1), (Uninitialised, 1));
    assert_eq!(mistake(TABLE, "atom.shared.add.u32 %r1, [table], 1;", 1), (Uninitialised, 1));
    assert_eq!(mistake(TABLE, "cp.async.ca.shared.global [table], [%rd0], 4;", 1), (Uninitialised, 1));
    assert_eq!(
        mistake("", "shfl.sync.down.b32 %r1, %r0, 8, 31, 0xffffffff;", 16),
        (Uninitialised, 1),
        "from a lane that is not there"
    );
}

#[test]
fn loops_without_end_and_traps() {
    assert_eq!(mistake("", "$loop:\nbra.uni $loop;", 1), (Endless, 2));
    assert_eq!(mistake("", "setp.eq.s32 %p1, %r0, 3;\n@%p1 trap;", 32), (Trap, 2));
}
