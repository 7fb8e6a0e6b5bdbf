//! The interpreter's counts as JSON: a flat object, one number for each.

use nst_ptx::Counts;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// Every number in the counts, by name.
fn numbers(counts: &mut Counts) -> [(&'static str, &mut u64); 16] {
    let Counts { mix, global, shared, barriers, .. } = counts;
    [
        ("fma", &mut mix.fma),
        ("mma", &mut mix.mma),
        ("arithmetic", &mut mix.arithmetic),
        ("load_global", &mut mix.load_global),
        ("store_global", &mut mix.store_global),
        ("load_shared", &mut mix.load_shared),
        ("store_shared", &mut mix.store_shared),
        ("other_memory", &mut mix.other_memory),
        ("control", &mut mix.control),
        ("global_requests", &mut global.requests),
        ("global_sectors", &mut global.sectors),
        ("global_ideal_sectors", &mut global.ideal_sectors),
        ("shared_requests", &mut shared.requests),
        ("shared_wavefronts", &mut shared.wavefronts),
        ("shared_ideal_wavefronts", &mut shared.ideal_wavefronts),
        ("barriers", barriers),
    ]
}

pub(crate) fn serialize<S: Serializer>(counts: &Counts, serializer: S) -> Result<S::Ok, S::Error> {
    let mut counts = *counts;
    let map: BTreeMap<&str, u64> =
        numbers(&mut counts).into_iter().map(|(name, number)| (name, *number)).collect();
    map.serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Counts, D::Error> {
    let map = BTreeMap::<String, u64>::deserialize(deserializer)?;
    let mut counts = Counts::default();
    for (name, number) in numbers(&mut counts) {
        *number = *map.get(name).ok_or_else(|| serde::de::Error::missing_field(name))?;
    }
    Ok(counts)
}
