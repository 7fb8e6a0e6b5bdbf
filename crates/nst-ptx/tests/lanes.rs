//! Lanes that exchange values, part and meet again.

mod kit;

use kit::execute;

/// One word of output per thread, whose input is its number.
fn per_thread(snippet: &str, threads: u32) -> Vec<u32> {
    let input: Vec<u32> = (0..threads).collect();
    let snippet = format!("ld.global.u32 %r1, [%rd31];\n{snippet}\nst.global.u32 [%rd30], %r10;");
    execute("", &snippet, threads, &input, threads as usize)
        .unwrap_or_else(|error| panic!("{snippet}: {error}"))
}

#[test]
fn shuffles() {
    let shuffle = |text: &str| per_thread(&format!("shfl.sync.{text}, 0xffffffff;"), 32);
    let expect = |f: fn(u32) -> u32| (0..32).map(f).collect::<Vec<u32>>();
    assert_eq!(shuffle("bfly.b32 %r10, %r1, 16, 0x1f"), expect(|i| i ^ 16));
    assert_eq!(shuffle("down.b32 %r10, %r1, 4, 0x1f"), expect(|i| if i < 28 { i + 4 } else { i }));
    assert_eq!(shuffle("up.b32 %r10, %r1, 4, 0"), expect(|i| if i < 4 { i } else { i - 4 }));
    assert_eq!(shuffle("idx.b32 %r10, %r1, 5, 0x1f"), expect(|_| 5));
    // Segments of 8 lanes: the mask's bits 8 to 12 are 0x18.
    assert_eq!(shuffle("idx.b32 %r10, %r1, 3, 0x181f"), expect(|i| i / 8 * 8 + 3));
    assert_eq!(shuffle("down.b32 %r10, %r1, 1, 0x181f"), expect(|i| if i % 8 == 7 { i } else { i + 1 }));
    let inside = "shfl.sync.down.b32 %r2|%p1, %r1, 4, 0x1f, 0xffffffff; selp.u32 %r10, 1, 0, %p1;";
    assert_eq!(per_thread(inside, 32), expect(|i| u32::from(i < 28)));
}

#[test]
fn votes_and_matches() {
    let even = "and.b32 %r2, %r1, 1; setp.eq.s32 %p1, %r2, 0;";
    let vote = |text: &str| per_thread(&format!("{even} {text}"), 32)[5];
    assert_eq!(vote("vote.sync.ballot.b32 %r10, %p1, 0xffffffff;"), 0x5555_5555);
    assert_eq!(vote("vote.sync.ballot.b32 %r10, !%p1, 0xffffffff;"), 0xaaaa_aaaa);
    assert_eq!(vote("vote.sync.any.pred %p2, %p1, 0xffffffff; selp.u32 %r10, 1, 0, %p2;"), 1);
    assert_eq!(vote("vote.sync.all.pred %p2, %p1, 0xffffffff; selp.u32 %r10, 1, 0, %p2;"), 0);
    assert_eq!(vote("vote.sync.uni.pred %p2, %p1, 0xffffffff; selp.u32 %r10, 1, 0, %p2;"), 0);
    assert_eq!(vote("match.any.sync.b32 %r10, %r2, 0xffffffff;"), 0xaaaa_aaaa);
    assert_eq!(vote("match.all.sync.b32 %r10|%p2, %r2, 0xffffffff;"), 0);
    assert_eq!(vote("activemask.b32 %r10;"), u32::MAX);
    assert_eq!(vote("mov.u32 %r10, 0; @!%p1 activemask.b32 %r10;"), 0xaaaa_aaaa);
}

#[test]
fn special_registers() {
    assert_eq!(per_thread("mov.u32 %r10, %laneid;", 40)[39], 7);
    assert_eq!(per_thread("mov.u32 %r10, %warpid;", 40)[39], 1);
    assert_eq!(per_thread("mov.u32 %r10, %lanemask_lt;", 32)[3], 7);
    assert_eq!(per_thread("mov.u32 %r10, %ntid.x;", 40)[0], 40);
    assert_eq!(per_thread("mov.u32 %r10, %nctaid.y;", 32)[0], 1);
    assert_eq!(per_thread("mov.u32 %r10, %dynamic_smem_size;", 32)[0], 256);
}

#[test]
fn lanes_meet_again_after_a_branch() {
    // Odd lanes add 100, even ones 200; then all vote.
    let snippet = "and.b32 %r2, %r1, 1; setp.eq.s32 %p1, %r2, 0;
@%p1 bra $even;
add.s32 %r10, %r1, 100;
bra.uni $join;
$even:
add.s32 %r10, %r1, 200;
$join:
activemask.b32 %r3;
setp.ne.s32 %p2, %r3, -1;
@%p2 trap;";
    let expected: Vec<u32> = (0..32).map(|i| i + if i % 2 == 0 { 200 } else { 100 }).collect();
    assert_eq!(per_thread(snippet, 32), expected);
}

#[test]
fn lanes_leave_a_loop_one_by_one() {
    // Each lane sums 0 to its number; a shuffle afterwards needs all of them.
    let snippet = "mov.u32 %r2, 0; mov.u32 %r3, 0;
$loop:
add.s32 %r3, %r3, %r2;
add.s32 %r2, %r2, 1;
setp.le.u32 %p1, %r2, %r1;
@%p1 bra $loop;
shfl.sync.bfly.b32 %r10, %r3, 1, 0x1f, 0xffffffff;";
    let expected: Vec<u32> = (0..64_u32).map(|i| (i ^ 1) * ((i ^ 1) + 1) / 2).collect();
    assert_eq!(per_thread(snippet, 64), expected);
}

#[test]
fn a_branch_in_a_branch_in_a_loop() {
    // Collatz: the number of steps from i + 1 to 1.
    let snippet = "add.s32 %r2, %r1, 1; mov.u32 %r10, 0;
$loop:
setp.eq.s32 %p1, %r2, 1;
@%p1 bra $done;
add.s32 %r10, %r10, 1;
and.b32 %r3, %r2, 1; setp.eq.s32 %p2, %r3, 0;
@%p2 bra $halve;
mad.lo.s32 %r2, %r2, 3, 1;
bra.uni $loop;
$halve:
shr.u32 %r2, %r2, 1;
bra.uni $loop;
$done:";
    let steps = |mut n: u32| {
        let mut steps = 0;
        while n != 1 {
            n = if n.is_multiple_of(2) { n / 2 } else { 3 * n + 1 };
            steps += 1;
        }
        steps
    };
    assert_eq!(per_thread(snippet, 50), (1..=50).map(steps).collect::<Vec<u32>>());
}

#[test]
fn some_lanes_wait_for_others_that_come_from_elsewhere() {
    // Lanes below 16 reach the shuffle from behind it in the text.
    let snippet = "mov.u32 %r2, %r1; setp.lt.u32 %p1, %r1, 16;
@%p1 bra $late;
$meet:
shfl.sync.bfly.b32 %r10, %r2, 31, 0x1f, 0xffffffff;
bra.uni $end;
$late:
add.s32 %r2, %r2, 1000;
bra.uni $meet;
$end:";
    let expected: Vec<u32> = (0..32).map(|i| if 31 - i < 16 { 1031 - i } else { 31 - i }).collect();
    assert_eq!(per_thread(snippet, 32), expected);
}

#[test]
fn exited_lanes_are_not_waited_for() {
    let snippet =
        "setp.ge.u32 %p1, %r1, 8; @%p1 mov.u32 %r10, 9; @%p1 st.global.u32 [%rd30], %r10; @%p1 exit;
vote.sync.ballot.b32 %r10, 1, 0xffffffff;";
    let mut expected = vec![0xff; 8];
    expected.resize(32, 9);
    assert_eq!(per_thread(snippet, 32), expected);
}

#[test]
fn barriers_count() {
    let counted = "setp.lt.u32 %p1, %r1, 40; bar.red.popc.u32 %r10, 0, %p1;";
    assert_eq!(per_thread(counted, 64), vec![40; 64]);
    let all = "setp.lt.u32 %p1, %r1, 40; bar.red.and.pred %p2, 0, %p1; selp.u32 %r10, 1, 0, %p2;";
    assert_eq!(per_thread(all, 40), vec![1; 40]);
    assert_eq!(per_thread(all, 64), vec![0; 64]);
    let any = "setp.eq.u32 %p1, %r1, 40; bar.red.or.pred %p2, 0, %p1; selp.u32 %r10, 1, 0, %p2;";
    assert_eq!(per_thread(any, 64), vec![1; 64]);
    assert_eq!(per_thread(any, 40), vec![0; 40]);
}
