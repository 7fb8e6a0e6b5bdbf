// Histograms of feature maps, channel by channel, and their gradient. No atomics: each thread has one channel, a share of the
// positions and a window of the bins, which it alone counts in. The order of every sum depends on extents alone.

constexpr int THREADS = 256;
constexpr int LANES = 32;        // channels of a block
constexpr int WINDOW = 128;      // bins of a block: 32 KB of doubles with 32 channels
constexpr int AHEAD = 8;         // values that are on their way while others are counted

struct Parameters {
    const float *values;         // [positions, channels]
    const float *grid;           // [2, channels]: the first bin's value, bins per unit
    const float *weights;        // [positions], or null: all 1
    const float *gradient;       // [bins, channels]
    double *partials;            // [splits, bins, channels]
    float *output;               // [bins, channels], or of the gradient [positions, channels]
    long long positions;
    int channels, bins;
    int splits, split;           // positions of a split
};

// The bin below a place, counted in bins. Not a number is taken for 0.
__device__ __forceinline__ int below(const Parameters &p, float at) {
    int bin = (int)fminf(fmaxf(at, 0.0f), (float)(p.bins - 2));
    return bin;
}

// 32 channels and one window of the bins a block in x, one split of the positions in y.
extern "C" __global__ void __launch_bounds__(LANES) histogram(Parameters p) {
    __shared__ double sums[WINDOW][LANES];
    int lane = threadIdx.x, groups = (p.channels + LANES - 1) / LANES;
    int channel = blockIdx.x % groups * LANES + lane, first_bin = blockIdx.x / groups * WINDOW;
    if (channel >= p.channels) return;
    for (int bin = 0; bin < WINDOW; ++bin) sums[bin][lane] = 0.0;
    float first = p.grid[channel], per_unit = p.grid[p.channels + channel];
    long long begin = (long long)blockIdx.y * p.split, end = min(begin + p.split, p.positions);
    for (long long position = begin; position < end; position += AHEAD) {
        float values[AHEAD], weights[AHEAD];
#pragma unroll
        for (int i = 0; i < AHEAD; ++i) {
            bool is_there = position + i < end;
            values[i] = is_there ? p.values[(position + i) * p.channels + channel] : first;
            weights[i] = !is_there ? 0.0f : p.weights ? p.weights[position + i] : 1.0f;
        }
#pragma unroll
        for (int i = 0; i < AHEAD; ++i) {
            float at = (values[i] - first) * per_unit;
            int bin = below(p, at);
            float share = at - (float)bin;
            int here = bin - first_bin;
            if (here >= 0 && here < WINDOW) sums[here][lane] += (double)(weights[i] * (1.0f - share));
            if (here >= -1 && here < WINDOW - 1) sums[here + 1][lane] += (double)(weights[i] * share);
        }
    }
    double *to = p.partials + ((long long)blockIdx.y * p.bins + first_bin) * p.channels + channel;
    int count = min(WINDOW, p.bins - first_bin);
    for (int bin = 0; bin < count; ++bin) to[(long long)bin * p.channels] = sums[bin][lane];
}

// The sum of the splits' partial histograms, one bin of one channel a thread.
extern "C" __global__ void __launch_bounds__(THREADS) histogram_totals(Parameters p) {
    int at = blockIdx.x * THREADS + threadIdx.x, len = p.bins * p.channels;
    if (at >= len) return;
    double sum = 0.0;
    for (int split = 0; split < p.splits; ++split) sum += p.partials[(long long)split * len + at];
    p.output[at] = (float)sum;
}

// One value a thread.
extern "C" __global__ void __launch_bounds__(THREADS) histogram_backward(Parameters p) {
    long long at = (long long)blockIdx.x * THREADS + threadIdx.x;
    if (at >= p.positions * p.channels) return;
    int channel = (int)(at % p.channels);
    float per_unit = p.grid[p.channels + channel];
    int bin = below(p, (p.values[at] - p.grid[channel]) * per_unit);
    const float *gradient = p.gradient + (long long)bin * p.channels + channel;
    float weight = p.weights ? p.weights[at / p.channels] : 1.0f;
    p.output[at] = weight * (gradient[p.channels] - gradient[0]) * per_unit;
}
