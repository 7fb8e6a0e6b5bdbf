//! The GPUs that the kernels must compile for.

/// Compute capabilities, times ten: Turing, Ampere (A100, RTX 30), Ada, Hopper, Blackwell (B200, RTX 50).
pub(super) const CAPABILITIES: [u32; 7] = [75, 80, 86, 89, 90, 100, 120];

/// For messages.
pub(super) fn names() -> String {
    CAPABILITIES.map(|capability| format!("sm_{capability}")).join(", ")
}
