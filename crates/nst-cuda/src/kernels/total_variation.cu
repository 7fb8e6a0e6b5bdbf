// Total variation: how much neighbouring pixels differ, and its gradient.

constexpr int THREADS = 256;

struct Parameters {
    const float *image;          // [batch, height, width, channels]
    double *partials;            // [blocks]
    float *gradient;             // as the image
    long long len;
    int height, width, channels;
    int squared;                 // else the absolute value of each difference
};

// The distances to the neighbour on the right and below, 0 where there is none.
__device__ __forceinline__ void after(const Parameters &p, long long at, long long &right, long long &below) {
    int x = (int)(at / p.channels % p.width);
    int y = (int)(at / p.channels / p.width % p.height);
    right = x + 1 < p.width ? p.channels : 0;
    below = y + 1 < p.height ? (long long)p.width * p.channels : 0;
}

__device__ __forceinline__ double size(const Parameters &p, float difference) {
    return p.squared ? (double)difference * difference : (double)fabsf(difference);
}

// The sum over neighbours, one partial sum a block; reduce.cu's totals adds them up.
extern "C" __global__ void __launch_bounds__(THREADS) total_variation(Parameters p) {
    __shared__ double values[THREADS];
    double sum = 0.0;
    for (long long at = blockIdx.x * THREADS + threadIdx.x; at < p.len; at += gridDim.x * THREADS) {
        long long right, below;
        after(p, at, right, below);
        float here = p.image[at];
        if (right) sum += size(p, p.image[at + right] - here);
        if (below) sum += size(p, p.image[at + below] - here);
    }
    values[threadIdx.x] = sum;
    __syncthreads();
#pragma unroll
    for (int half = THREADS / 2; half > 0; half /= 2) {
        if (threadIdx.x < half) values[threadIdx.x] += values[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x == 0) p.partials[blockIdx.x] = values[0];
}

// The derivative of a difference's size; at 0 that of the absolute value is taken as 0, as in torch.
__device__ __forceinline__ float derivative(const Parameters &p, float difference) {
    if (p.squared) return 2.0f * difference;
    return difference == 0.0f ? 0.0f : copysignf(1.0f, difference);
}

extern "C" __global__ void __launch_bounds__(THREADS) total_variation_backward(Parameters p) {
    long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= p.len) return;
    int x = (int)(at / p.channels % p.width);
    int y = (int)(at / p.channels / p.width % p.height);
    long long line = (long long)p.width * p.channels;
    float here = p.image[at], sum = 0.0f;
    if (x > 0) sum += derivative(p, here - p.image[at - p.channels]);
    if (x + 1 < p.width) sum += derivative(p, here - p.image[at + p.channels]);
    if (y > 0) sum += derivative(p, here - p.image[at - line]);
    if (y + 1 < p.height) sum += derivative(p, here - p.image[at + line]);
    p.gradient[at] = sum;
}
