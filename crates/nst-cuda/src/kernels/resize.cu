// A weighted sum of neighbours along one axis: half of a separable resampling.

struct Parameters {
    const float *source;         // [outer, from, inner]
    const unsigned *first;       // [to]: the first neighbour
    const float *weights;        // [to, taps]
    float *target;               // [outer, to, inner]
    long long len;               // of the target
    long long inner;
    int from, to, taps;
};

extern "C" __global__ void __launch_bounds__(256) resize(Parameters p) {
    long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= p.len) return;
    long long inner = at % p.inner;
    int place = (int)(at / p.inner % p.to);
    long long outer = at / p.inner / p.to;
    const float *from = p.source + (outer * p.from + p.first[place]) * p.inner + inner;
    const float *weights = p.weights + (long long)place * p.taps;
    float sum = 0.0f;
    for (int tap = 0; tap < p.taps; ++tap) sum += weights[tap] * from[tap * p.inner];
    p.target[at] = sum;
}
