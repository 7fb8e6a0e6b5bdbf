// Sums in two stages of a fixed shape: each block leaves one partial sum in double precision, one more block adds those up.
// Neither the order nor the number of summands of any sum depends on anything but extents.

constexpr int THREADS = 256;
constexpr int ITEMS = 64;

// The sum (or the greatest) of one value of each thread, for thread 0.
template <typename Join> __device__ __forceinline__ double reduce(double value, Join join) {
    __shared__ double values[THREADS];
    values[threadIdx.x] = value;
    __syncthreads();
#pragma unroll
    for (int half = THREADS / 2; half > 0; half /= 2) {
        if (threadIdx.x < half) values[threadIdx.x] = join(values[threadIdx.x], values[threadIdx.x + half]);
        __syncthreads();
    }
    return values[0];
}

__device__ __forceinline__ double plus(double a, double b) { return a + b; }
// A NaN replaces any number and nothing replaces it.
__device__ __forceinline__ double greater(double a, double b) { return isnan(a) || a > b ? a : b; }

struct Items {
    const float *a[ITEMS], *b[ITEMS];
    long long len[ITEMS];
    double *partials;            // [items, blocks]
};

// Inner products: item blockIdx.y, its share blockIdx.x.
extern "C" __global__ void __launch_bounds__(THREADS) dots(Items p) {
    const float *a = p.a[blockIdx.y], *b = p.b[blockIdx.y];
    double sum = 0.0;
    for (long long at = blockIdx.x * THREADS + threadIdx.x; at < p.len[blockIdx.y]; at += gridDim.x * THREADS)
        sum = fma((double)a[at], (double)b[at], sum);
    sum = reduce(sum, plus);
    if (threadIdx.x == 0) p.partials[blockIdx.y * gridDim.x + blockIdx.x] = sum;
}

// Sums: item blockIdx.y.
extern "C" __global__ void __launch_bounds__(THREADS) sums(Items p) {
    const float *a = p.a[blockIdx.y];
    double sum = 0.0;
    for (long long at = blockIdx.x * THREADS + threadIdx.x; at < p.len[blockIdx.y]; at += gridDim.x * THREADS) sum += a[at];
    sum = reduce(sum, plus);
    if (threadIdx.x == 0) p.partials[blockIdx.y * gridDim.x + blockIdx.x] = sum;
}

// Greatest absolute values: item blockIdx.y.
extern "C" __global__ void __launch_bounds__(THREADS) max_abs(Items p) {
    const float *a = p.a[blockIdx.y];
    double most = 0.0;
    for (long long at = blockIdx.x * THREADS + threadIdx.x; at < p.len[blockIdx.y]; at += gridDim.x * THREADS)
        most = greater(fabsf(a[at]), most);
    most = reduce(most, greater);
    if (threadIdx.x == 0) p.partials[blockIdx.y * gridDim.x + blockIdx.x] = most;
}

struct Totals {
    const double *partials;      // [items, count]
    double *doubles;             // [items], or null
    float *floats;               // [items], or null
    int count;
    int greatest;                // the greatest partial instead of their sum
};

// The second stage: item blockIdx.x.
extern "C" __global__ void __launch_bounds__(THREADS) totals(Totals p) {
    const double *from = p.partials + (long long)blockIdx.x * p.count;
    double value = 0.0;
    for (int at = threadIdx.x; at < p.count; at += THREADS) value = p.greatest ? greater(from[at], value) : value + from[at];
    value = p.greatest ? reduce(value, greater) : reduce(value, plus);
    if (threadIdx.x != 0) return;
    if (p.doubles) p.doubles[blockIdx.x] = value;
    if (p.floats) p.floats[blockIdx.x] = (float)value;
}

struct Channels {
    const float *values;         // [positions, channels]
    double *partials;            // [splits, channels]
    float *output;               // [channels]
    long long positions;
    int channels, splits, split; // positions of a split
};

// Sums over positions: 32 channels and one split a block, a channel's positions shared out among eight threads.
extern "C" __global__ void __launch_bounds__(THREADS) channel_sums(Channels p) {
    __shared__ double values[8][32];
    int channel = blockIdx.x * 32 + threadIdx.x % 32, line = threadIdx.x / 32;
    long long begin = (long long)blockIdx.y * p.split, end = min(begin + p.split, p.positions);
    double sum = 0.0;
    if (channel < p.channels)
        for (long long at = begin + line; at < end; at += 8) sum += p.values[at * p.channels + channel];
    values[line][threadIdx.x % 32] = sum;
    __syncthreads();
    if (line != 0 || channel >= p.channels) return;
#pragma unroll
    for (int other = 1; other < 8; ++other) sum += values[other][threadIdx.x];
    p.partials[(long long)blockIdx.y * p.channels + channel] = sum;
}

extern "C" __global__ void __launch_bounds__(THREADS) channel_totals(Channels p) {
    int channel = blockIdx.x * THREADS + threadIdx.x;
    if (channel >= p.channels) return;
    double sum = 0.0;
    for (int split = 0; split < p.splits; ++split) sum += p.partials[(long long)split * p.channels + channel];
    p.output[channel] = (float)sum;
}
