// Lets a C++ compiler build CUDA kernels for the host: a second opinion on what they compute.
//
// The threads of a block are fibers on one thread of the host. They run one after another up to a barrier, a shuffle or a
// matrix product, where they wait for the others; blocks run one after another. Compile with -std=c++17 -ffp-contract=off;
// a kernel K is exported as nst_twin_K by NST_KERNEL(K).
//
// With NST_LIST this file only marks what is a kernel, for a look at the preprocessed text.

#define NST_HOST 1
#define __launch_bounds__(...)

#ifdef NST_LIST
#define __global__ NST_GLOBAL
#else

#include <algorithm>
#include <csetjmp>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <ucontext.h>
#include <utility>
#include <vector>

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

namespace nst_host {

constexpr int WARP = 32;
constexpr int MOST_THREADS = 1024;
constexpr size_t STACK = 128 * 1024;
constexpr size_t MOST_DYNAMIC_SHARED = 164 * 1024;

// A copy to shared memory that was asked for, done when it is waited for: who reads too early reads what was there before.
struct Copy {
    void *to;
    const void *from;
    int bytes;
};

struct Fiber;
// What the lanes of a warp do together, once all of a mask have come.
using Operation = void (*)(Fiber *lanes, unsigned mask);

enum class Waits { NOTHING, BARRIER, WARP };

struct Fiber {
    jmp_buf place;
    ucontext_t start;
    void *stack = nullptr;
    bool started = false, parked = false, done = true;
    Waits waits = Waits::NOTHING;
    uint3 index;
    int number;
    // While it waits for its warp.
    unsigned mask;
    Operation operation;
    void *operands;
    // Asynchronous copies: of the group that is open, and of those that are committed.
    std::vector<Copy> open;
    std::vector<std::vector<Copy>> groups;

    int lane() const { return number % WARP; }
};

inline Fiber fibers[MOST_THREADS];
inline Fiber *current;
inline jmp_buf scheduler;
inline uint3 block_index, block_extent, grid_extent;
inline int threads, alive, arrived;
alignas(1024) inline unsigned char dynamic_shared[MOST_DYNAMIC_SHARED];
// The kernel with its parameters.
inline void (*body)(const void *);
inline const void *body_state;

// Back to the scheduler, until it goes on with this fiber.
__attribute__((noinline)) inline void yield() {
    if (_setjmp(current->place) == 0) _longjmp(scheduler, 1);
}

inline void release_barrier() {
    if (arrived == 0 || arrived < alive) return;
    arrived = 0;
    for (int i = 0; i < threads; ++i)
        if (fibers[i].waits == Waits::BARRIER) fibers[i].waits = Waits::NOTHING;
}

// Does the operation of a mask if every lane of it has come, or has ended.
inline void resolve(Fiber *lanes, unsigned mask, Operation operation) {
    int count = std::min(WARP, threads - (int)(lanes - fibers));
    unsigned present = 0;
    for (int i = 0; i < count; ++i) {
        if (!(mask >> i & 1) || lanes[i].done) continue;
        if (lanes[i].waits != Waits::WARP || lanes[i].mask != mask || lanes[i].operation != operation) return;
        present |= 1u << i;
    }
    operation(lanes, present);
    for (int i = 0; i < count; ++i)
        if (present >> i & 1) lanes[i].waits = Waits::NOTHING;
}

inline Fiber *warp_of(const Fiber &fiber) { return fibers + fiber.number / WARP * WARP; }

inline void converge(unsigned mask, Operation operation, void *operands) {
    Fiber &self = *current;
    self.mask = mask;
    self.operation = operation;
    self.operands = operands;
    self.waits = Waits::WARP;
    resolve(warp_of(self), mask, operation);
    while (self.waits != Waits::NOTHING) yield();
}

// A fiber's life: one thread of a block after another.
inline void live() {
    for (;;) {
        Fiber &self = *current;
        body(body_state);
        self.done = self.parked = true;
        self.open.clear();
        self.groups.clear();
        --alive;
        // Others may have waited for this thread alone.
        release_barrier();
        Fiber *lanes = warp_of(self);
        int count = std::min(WARP, threads - (int)(lanes - fibers));
        for (int i = 0; i < count; ++i)
            if (!lanes[i].done && lanes[i].waits == Waits::WARP) resolve(lanes, lanes[i].mask, lanes[i].operation);
        yield();
    }
}

__attribute__((noinline)) inline void resume(Fiber &fiber) {
    current = &fiber;
    if (_setjmp(scheduler) != 0) return;
    if (fiber.started) _longjmp(fiber.place, 1);
    fiber.started = true;
    if (!fiber.stack) fiber.stack = std::malloc(STACK);
    getcontext(&fiber.start);
    fiber.start.uc_stack.ss_sp = fiber.stack;
    fiber.start.uc_stack.ss_size = STACK;
    makecontext(&fiber.start, live, 0);
    setcontext(&fiber.start);
}

// False if threads wait for each other for ever.
inline bool run_block() {
    alive = threads;
    arrived = 0;
    for (int i = 0; i < threads; ++i) {
        Fiber &fiber = fibers[i];
        fiber.number = i;
        fiber.index = {i % block_extent.x, i / block_extent.x % block_extent.y, i / block_extent.x / block_extent.y};
        fiber.waits = Waits::NOTHING;
        // One that a deadlock left in the middle starts anew.
        if (!fiber.parked) fiber.started = false;
        fiber.done = fiber.parked = false;
    }
    while (alive > 0) {
        bool moved = false;
        for (int i = 0; i < threads; ++i) {
            if (fibers[i].done || fibers[i].waits != Waits::NOTHING) continue;
            resume(fibers[i]);
            moved = true;
        }
        if (!moved) return false;
    }
    return true;
}

// A parameter's value; the caller's memory may be aligned in any way.
template <class T> T load(const void *from) {
    T value;
    std::memcpy(&value, from, sizeof(T));
    return value;
}

template <class... P, size_t... I>
int launch_unpacked(void (*kernel)(P...), const unsigned *extents, const void *const *parameters, std::index_sequence<I...>) {
    struct State {
        void (*kernel)(P...);
        const void *const *parameters;
    } state = {kernel, parameters};
    body_state = &state;
    body = [](const void *pointer) {
        const State &state = *static_cast<const State *>(pointer);
        state.kernel(load<P>(state.parameters[I])...);
    };
    grid_extent = {extents[0], extents[1], extents[2]};
    block_extent = {extents[3], extents[4], extents[5]};
    threads = extents[3] * extents[4] * extents[5];
    for (unsigned z = 0; z < grid_extent.z; ++z)
        for (unsigned y = 0; y < grid_extent.y; ++y)
            for (unsigned x = 0; x < grid_extent.x; ++x) {
                block_index = {x, y, z};
                if (!run_block()) return 1;
            }
    return 0;
}

// Grid and block are the six `extents`. 0, or 1 if threads waited for each other for ever.
template <class... P>
int launch(void (*kernel)(P...), const unsigned *extents, const void *const *parameters) {
    return launch_unpacked(kernel, extents, parameters, std::index_sequence_for<P...>());
}

template <class T> struct Shuffle {
    T value, result;
    int source;
};

template <class T> T shuffle(unsigned mask, T value, int source) {
    Shuffle<T> operands = {value, value, source};
    converge(mask, [](Fiber *lanes, unsigned present) {
        for (int i = 0; i < WARP; ++i) {
            if (!(present >> i & 1)) continue;
            auto *to = static_cast<Shuffle<T> *>(lanes[i].operands);
            // From a lane that does not take part comes nothing defined; here the lane's own value.
            if (present >> to->source & 1) to->result = static_cast<Shuffle<T> *>(lanes[to->source].operands)->value;
        }
    }, &operands);
    return operands.result;
}

struct Vote {
    bool value;
    unsigned result;
};

inline unsigned ballot(unsigned mask, bool value) {
    Vote operands = {value, 0};
    converge(mask, [](Fiber *lanes, unsigned present) {
        unsigned votes = 0;
        for (int i = 0; i < WARP; ++i)
            if (present >> i & 1 && static_cast<Vote *>(lanes[i].operands)->value) votes |= 1u << i;
        for (int i = 0; i < WARP; ++i)
            if (present >> i & 1) static_cast<Vote *>(lanes[i].operands)->result = votes;
    }, &operands);
    return operands.result;
}

}  // namespace nst_host

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
#include "tensor_host.h"
#endif

#endif
