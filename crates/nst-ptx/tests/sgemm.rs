//! A kernel as NVRTC makes it: a matrix product in shared memory and registers (fixtures/sgemm.cu; NVRTC 12.0, `compute_75`).

use nst_ptx::{Checks, Counts, Error, FaultKind, Launch, Memory, Module, Result, run};

const PTX: &str = include_str!("fixtures/sgemm.ptx");

/// Rows and columns.
const N: usize = 128;

fn matrix(seed: usize) -> Vec<f32> {
    (0..N * N).map(|i| ((i * seed % 1013) as f32 - 506.0) / 500.0).collect()
}

/// The product as the kernel makes it, by a pool of that many threads.
fn product(ptx: &str, checks: Checks, threads: usize) -> Result<(Vec<f32>, Counts)> {
    let module = Module::parse(ptx)?;
    let memory = Memory::new(1 << 20);
    let bytes = 4 * (N * N) as u64;
    let [a, b, c] = [memory.allocate(bytes)?, memory.allocate(bytes)?, memory.allocate(bytes)?];
    for (address, seed) in [(a, 7919), (b, 104729)] {
        let data: Vec<u8> = matrix(seed).iter().flat_map(|x| x.to_le_bytes()).collect();
        memory.write(address, &data)?;
    }
    let mut parameters: Vec<u8> = [a, b, c].iter().flat_map(|address| address.to_le_bytes()).collect();
    parameters.extend((N as u32).to_le_bytes());
    let launch = Launch {
        kernel: module.kernel("sgemm").expect("it is there"),
        grid: [N as u32 / 64, N as u32 / 64, 1],
        block: [64, 1, 1],
        dynamic_shared: 0,
        parameters: &parameters,
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
    let counts = pool.install(|| run(&launch, &memory, checks))?;
    let mut data = vec![0; 4 * N * N];
    memory.read(c, &mut data)?;
    let values = data.chunks_exact(4).map(|x| f32::from_le_bytes(x.try_into().expect("four")));
    Ok((values.collect(), counts))
}

#[test]
fn it_agrees_bit_for_bit_with_the_same_sums() {
    let (a, b) = (matrix(7919), matrix(104729));
    let (c, _) = product(PTX, Checks::ALL, 2).unwrap();
    for (index, found) in c.iter().enumerate() {
        let (row, column) = (index / N, index % N);
        let sum = (0..N).fold(0.0_f32, |sum, k| a[row * N + k].mul_add(b[k * N + column], sum));
        assert_eq!(*found, sum, "row {row}, column {column}");
    }
}

#[test]
fn neither_threads_nor_checks_change_what_it_gives() {
    let (c, counts) = product(PTX, Checks::ALL, 1).unwrap();
    for threads in [2, 5] {
        assert_eq!(product(PTX, Checks::ALL, threads).unwrap(), (c.clone(), counts));
    }
    assert_eq!(product(PTX, Checks::FEWEST, 2).unwrap(), (c, Counts::default()));
}

#[test]
fn its_counts_are_those_of_the_source() {
    let (_, counts) = product(PTX, Checks::ALL, 2).unwrap();
    let (blocks, panels, warps) = (4, N as u64 / 16, 2);
    assert_eq!(counts.mix.fma, (N * N * N) as u64 / 32);
    assert_eq!(counts.mix.mma, 0);
    // Each warp loads 16 rows of two panels with a word per lane, and stores its tile of 64 words per lane.
    assert_eq!(counts.mix.load_global, blocks * panels * warps * 32);
    assert_eq!(counts.mix.store_global, blocks * warps * 64);
    assert_eq!(counts.global.requests, counts.mix.load_global + counts.mix.store_global);
    assert_eq!(counts.mix.store_shared, blocks * panels * warps * 32);
    assert_eq!(counts.mix.load_shared, blocks * panels * warps * 16 * 4);
    assert_eq!(counts.barriers, blocks * panels * 2);
    // A warp reads two rows of 64 bytes of A, or 128 bytes of B; its words of C are 32 bytes apart.
    let (loads, stores) = (counts.mix.load_global / 2, counts.mix.store_global);
    assert_eq!(counts.global.ideal_sectors, 2 * loads * 4 + stores * 4);
    assert_eq!(counts.global.sectors, 2 * loads * 4 + stores * 32);
    // Loads of A are broadcasts; of B, 8 lanes read 16 bytes each out of 32, so two meet in each bank. Stores of A go 16 lanes to
    // one bank and the other 16 to the next, those of B to neighbours.
    let (loads, stores) = (counts.mix.load_shared, counts.mix.store_shared / 2);
    assert_eq!(counts.shared.ideal_wavefronts, loads * 4 + 2 * stores);
    assert_eq!(counts.shared.wavefronts, loads / 2 * (4 + 8) + stores * (16 + 1));
}

#[test]
fn a_barrier_taken_out_is_missed() {
    let at = PTX.rfind("bar.sync").expect("two barriers");
    let broken = format!("{}//{}", &PTX[..at], &PTX[at..]);
    let error = product(&broken, Checks::ALL, 2).unwrap_err();
    assert!(
        matches!(&error, Error::Fault(fault) if fault.kind == FaultKind::Race && fault.block == [0; 3]),
        "{error}"
    );
}
