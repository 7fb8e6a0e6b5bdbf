use super::{Life, Plan, Planner, overlap};

fn round(planner: &Planner, sizes: &[usize]) -> usize {
    planner.begin();
    let mut alive = Vec::new();
    let mut lent = 0;
    for &bytes in sizes {
        let (block, ticket) = planner.ask(bytes);
        lent += usize::from(block.is_some());
        alive.push((block, ticket.unwrap()));
        if alive.len() > 2 {
            let (block, ticket) = alive.remove(0);
            drop(block);
            assert!(planner.give_back(ticket));
        }
    }
    for (block, ticket) in alive {
        drop(block);
        assert!(planner.give_back(ticket));
    }
    planner.end();
    lent
}

#[test]
fn the_second_round_takes_everything_from_the_arena() {
    let planner = Planner::default();
    let sizes = [1000, 200, 3000, 64, 1, 3000, 500];
    assert_eq!(round(&planner, &sizes), 0);
    assert_eq!(round(&planner, &sizes), sizes.len());
    // At most three at a time live; the largest such sum is that of 1000, 200 and 3000, rounded up to lines.
    assert!((4200..=4200 + 2 * 64).contains(&planner.bytes()), "{}", planner.bytes());
    assert_eq!(round(&planner, &[1000, 7, 3000]), 2);
    assert_eq!(round(&planner, &[1000, 7, 3000]), 3);
}

#[test]
fn what_outlives_its_round_comes_from_the_heap() {
    let planner = Planner::default();
    for _ in 0..3 {
        planner.begin();
        let (kept, ticket) = planner.ask(64);
        let (within, other) = planner.ask(640);
        drop(within);
        assert!(planner.give_back(other.unwrap()));
        planner.end();
        assert!(kept.is_none() && !planner.give_back(ticket.unwrap()));
    }
    assert_eq!(planner.bytes(), 640);
    assert!(planner.ask(64).1.is_none());
}

#[test]
fn a_round_with_other_lifetimes_is_planned_anew() {
    let planner = Planner::default();
    let mut held = None;
    for keep in [false, false, true, true] {
        planner.begin();
        let (block, ticket) = planner.ask(640);
        if keep {
            held = Some((block, ticket));
        } else {
            drop(block);
            planner.give_back(ticket.unwrap());
        }
        planner.end();
    }
    assert_eq!(planner.bytes(), 0);
    assert!(held.unwrap().0.is_none());
}

#[test]
fn another_thread_does_not_disturb_a_round() {
    let planner = Planner::default();
    let sizes = [1000, 200, 0, 3000];
    round(&planner, &sizes);
    planner.begin();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            planner.begin();
            assert!(planner.ask(5).1.is_none());
            planner.end();
        });
    });
    assert_eq!(planner.lock().depth, 1);
    planner.end();
    round(&planner, &sizes);
    // All but the empty one.
    assert_eq!(round(&planner, &sizes), 3);
}

#[test]
fn no_two_that_live_together_overlap() {
    // Lives of pseudorandom sizes and lengths.
    let mut seed = 1u64;
    let mut random = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let asked: Vec<Life> = (0..200)
        .map(|at| {
            let from = 2 * at;
            let to = Some(from + 1 + 2 * random(30) as usize);
            Life { bytes: random(5000) as usize + 1, from, to }
        })
        .collect();
    let plan = Plan::of(&asked).unwrap();
    for (i, a) in asked.iter().enumerate() {
        for (j, b) in asked.iter().enumerate().skip(i + 1) {
            let (start_a, start_b) = (plan.places[i].1.unwrap(), plan.places[j].1.unwrap());
            let apart = start_a + a.bytes <= start_b || start_b + b.bytes <= start_a;
            assert!(apart || !overlap(a, b), "{i} and {j}");
        }
    }
}
