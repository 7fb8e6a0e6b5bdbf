//! Smooth random functions of place: hashed lattice values, interpolated.

/// Values in 0..1 that vary over about one unit of length.
#[derive(Clone, Copy)]
pub(crate) struct Noise {
    seed: u32,
}

impl Noise {
    pub(crate) fn new(seed: u32) -> Self {
        Self { seed }
    }

    /// The value at a place.
    pub(crate) fn at(self, x: f32, y: f32) -> f32 {
        let (left, top) = (x.floor(), y.floor());
        let (u, v) = (smooth(x - left), smooth(y - top));
        let value = |dx: i32, dy: i32| self.lattice(left as i32 + dx, top as i32 + dy);
        mix(mix(value(0, 0), value(1, 0), u), mix(value(0, 1), value(1, 1), u), v)
    }

    /// Three octaves of [`Noise::at`], still in 0..1: coarse forms with finer ones on them.
    pub(crate) fn rough(self, x: f32, y: f32) -> f32 {
        (4.0 * self.at(x, y) + 2.0 * self.at(2.03 * x, 2.03 * y) + self.at(4.1 * x, 4.1 * y)) / 7.0
    }

    /// Avalanche of the coordinates' bits: multiply and shift until every bit of the result depends on all of them.
    fn lattice(self, x: i32, y: i32) -> f32 {
        let mut hash = self.seed ^ x.cast_unsigned().wrapping_mul(0x9E37_79B1);
        hash = (hash ^ (hash >> 15)).wrapping_mul(0x85EB_CA6B);
        hash ^= y.cast_unsigned().wrapping_mul(0xC2B2_AE35);
        hash = (hash ^ (hash >> 13)).wrapping_mul(0x27D4_EB2F);
        hash = (hash ^ (hash >> 16)).wrapping_mul(0x1656_67B1);
        ((hash ^ (hash >> 15)) >> 8) as f32 / (1 << 24) as f32
    }
}

/// From `a` at 0 to `b` at 1.
pub(crate) fn mix(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

/// Rises from 0 to 1 between `from` and `to` without a corner.
pub(crate) fn rise(from: f32, to: f32, x: f32) -> f32 {
    smooth(((x - from) / (to - from)).clamp(0.0, 1.0))
}

fn smooth(t: f32) -> f32 {
    t * t * (3.0 - 2.0 * t)
}
