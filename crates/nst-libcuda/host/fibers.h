// The threads of a block as fibers on one thread of the host. They run one after another up to a barrier, a shuffle or a
// matrix product, where they wait for the others; blocks run one after another.

#include <algorithm>
#include <csetjmp>
#include <cstdlib>
#include <cstring>
#include <ucontext.h>
#include <utility>
#include <vector>

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
