// Lets a C++ compiler build CUDA kernels for the host: a second opinion on what they compute.
//
// Compile with -std=c++17 -ffp-contract=off; a kernel K is exported as nst_twin_K by NST_KERNEL(K).
//
// With NST_LIST this file only marks what is a kernel, for a look at the preprocessed text.

#define NST_HOST 1
#define __launch_bounds__(...)

#ifdef NST_LIST
#define __global__ NST_GLOBAL
#else

#include <cmath>
#include <cstring>

#define __global__
#define __device__
#define __host__
#define __constant__ static
#define __shared__ static
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __align__(bytes) __attribute__((aligned(bytes)))

// Vector types, aligned as on the device.
#define NST_VECTORS(type, name, pair, quad)                                                                                  \
    struct alignas(pair) name##2 { type x, y; };                                                                             \
    struct name##3 { type x, y, z; };                                                                                        \
    struct alignas(quad) name##4 { type x, y, z, w; };                                                                       \
    inline name##2 make_##name##2(type x, type y) { return {x, y}; }                                                         \
    inline name##3 make_##name##3(type x, type y, type z) { return {x, y, z}; }                                              \
    inline name##4 make_##name##4(type x, type y, type z, type w) { return {x, y, z, w}; }
NST_VECTORS(float, float, 8, 16)
NST_VECTORS(int, int, 8, 16)
NST_VECTORS(unsigned, uint, 8, 16)
NST_VECTORS(unsigned char, uchar, 2, 4)
NST_VECTORS(double, double, 16, 16)
#undef NST_VECTORS

#include "fibers.h"

#define threadIdx (nst_host::current->index)
#define blockIdx (nst_host::block_index)
#define blockDim (nst_host::block_extent)
#define gridDim (nst_host::grid_extent)
constexpr int warpSize = nst_host::WARP;

#define NST_KERNEL(name)                                                                                                     \
    extern "C" __attribute__((visibility("default"))) int nst_twin_##name(const unsigned *extents,                           \
                                                                          const void *const *parameters) {                   \
        return nst_host::launch(name, extents, parameters);                                                                  \
    }

// Barriers and what the lanes of a warp do together.
inline void __syncthreads() {
    nst_host::Fiber &self = *nst_host::current;
    self.waits = nst_host::Waits::BARRIER;
    ++nst_host::arrived;
    nst_host::release_barrier();
    while (self.waits != nst_host::Waits::NOTHING) nst_host::yield();
}
inline void __syncwarp(unsigned mask = ~0u) {
    nst_host::converge(mask, [](nst_host::Fiber *, unsigned) {}, nullptr);
}
inline void __threadfence() {}
inline void __threadfence_block() {}
template <class T> T __shfl_sync(unsigned mask, T value, int source, int width = warpSize) {
    int first = nst_host::current->lane() & ~(width - 1);
    return nst_host::shuffle(mask, value, first + (source & (width - 1)));
}
template <class T> T __shfl_up_sync(unsigned mask, T value, unsigned by, int width = warpSize) {
    int lane = nst_host::current->lane(), inside = lane & (width - 1);
    return nst_host::shuffle(mask, value, inside < (int)by ? lane : lane - (int)by);
}
template <class T> T __shfl_down_sync(unsigned mask, T value, unsigned by, int width = warpSize) {
    int lane = nst_host::current->lane(), inside = lane & (width - 1);
    return nst_host::shuffle(mask, value, inside + (int)by >= width ? lane : lane + (int)by);
}
template <class T> T __shfl_xor_sync(unsigned mask, T value, int with, int width = warpSize) {
    int lane = nst_host::current->lane(), end = (lane & ~(width - 1)) + width;
    return nst_host::shuffle(mask, value, (lane ^ with) >= end ? lane : lane ^ with);
}
inline unsigned __ballot_sync(unsigned mask, int value) { return nst_host::ballot(mask, value != 0); }
inline int __any_sync(unsigned mask, int value) { return nst_host::ballot(mask, value != 0) != 0; }
inline int __all_sync(unsigned mask, int value) { return nst_host::ballot(mask, value == 0) == 0; }

// Arithmetic.
template <class To, class From> inline To nst_bits(From value) {
    static_assert(sizeof(To) == sizeof(From), "the same bits");
    To bits;
    std::memcpy(&bits, &value, sizeof(To));
    return bits;
}
inline unsigned __float_as_uint(float value) { return nst_bits<unsigned>(value); }
inline int __float_as_int(float value) { return nst_bits<int>(value); }
inline float __uint_as_float(unsigned bits) { return nst_bits<float>(bits); }
inline float __int_as_float(int bits) { return nst_bits<float>(bits); }
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline double __fma_rn(double a, double b, double c) { return fma(a, b, c); }
inline int __popc(unsigned value) { return __builtin_popcount(value); }
inline int __clz(int value) { return value ? __builtin_clz(value) : 32; }
inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned long long)a * b >> 32; }
template <class T> T __ldg(const T *from) { return *from; }
inline int min(int a, int b) { return b < a ? b : a; }
inline int max(int a, int b) { return a < b ? b : a; }
inline unsigned min(unsigned a, unsigned b) { return b < a ? b : a; }
inline unsigned max(unsigned a, unsigned b) { return a < b ? b : a; }
inline long long min(long long a, long long b) { return b < a ? b : a; }
inline long long max(long long a, long long b) { return a < b ? b : a; }
inline float min(float a, float b) { return fminf(a, b); }
inline float max(float a, float b) { return fmaxf(a, b); }
using std::isinf;
using std::isnan;

#ifdef NST_TF32
// What kernels for tensor cores write in assembly.
#include "tensor.h"
#endif

#endif
