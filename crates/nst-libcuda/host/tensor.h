// Host versions of the instructions that kernels for tensor cores use: asynchronous copies and matrix products.

inline void copy_async_16(void *shared, const void *global, int bytes) {
    nst_host::current->open.push_back({shared, global, bytes});
}
inline void copy_async_commit() {
    nst_host::Fiber &self = *nst_host::current;
    self.groups.push_back(std::move(self.open));
    self.open.clear();
}
// Waits for all but the newest LEFT groups.
template <int LEFT> void copy_async_wait() {
    auto &groups = nst_host::current->groups;
    while (groups.size() > LEFT) {
        for (const nst_host::Copy &copy : groups.front()) {
            std::memset(copy.to, 0, 16);
            std::memcpy(copy.to, copy.from, copy.bytes);
        }
        groups.erase(groups.begin());
    }
}

// To the nearest TF32 value, ties away from zero (cvt.rna).
inline unsigned to_tf32(float value) {
    if (std::isnan(value)) return 0x7fffffff;
    return (__float_as_uint(value) + 0x1000) & ~0x1fffu;
}

struct Fragments {
    float *d;
    const unsigned *a, *b;
};

// d += a * b for a 16x8 and an 8x8 matrix in the lanes' registers, laid out as the PTX ISA says under "Matrix Fragments for
// mma.m16n8k8" for .tf32: lane 4 g + t holds rows g and g + 8.
inline void mma_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    Fragments operands = {d, a, b};
    nst_host::converge(~0u, [](nst_host::Fiber *lanes, unsigned) {
        auto fragments = [&](int lane) -> const Fragments & { return *static_cast<const Fragments *>(lanes[lane].operands); };
        auto a = [&](int row, int k) {
            return __uint_as_float(fragments(row % 8 * 4 + k % 4).a[row / 8 + k / 4 * 2] & ~0x1fffu);
        };
        auto b = [&](int k, int column) {
            return __uint_as_float(fragments(column * 4 + k % 4).b[k / 4] & ~0x1fffu);
        };
        for (int row = 0; row < 16; ++row)
            for (int column = 0; column < 8; ++column) {
                float &sum = fragments(row % 8 * 4 + column / 2).d[row / 8 * 2 + column % 2];
                for (int k = 0; k < 8; ++k) sum = fmaf(a(row, k), b(k, column), sum);
            }
    }, &operands);
}
