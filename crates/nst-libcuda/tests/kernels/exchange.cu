// Kernels whose threads wait for each other in every way that the host twin knows.

struct Sizes {
    int values, scale;
};

// Each block's sum of its values times a scale, by warps and then over warps; threads beyond the values leave early.
extern "C" __global__ void __launch_bounds__(96) block_sums(const float *values, float *sums, Sizes sizes) {
    extern __shared__ float staged[];
    __shared__ float warps[3];
    int at = blockIdx.x * blockDim.x + threadIdx.x;
    staged[threadIdx.x] = at < sizes.values ? values[at] : 0.0f;
    __syncthreads();
    // Another thread's value, so that the barrier matters.
    float sum = staged[blockDim.x - 1 - threadIdx.x];
    for (int by = 16; by > 0; by /= 2) sum += __shfl_down_sync(0xffffffffu, sum, by);
    if (threadIdx.x % 32 == 0) warps[threadIdx.x / 32] = sum;
    __syncthreads();
    if (threadIdx.x != 0) return;
    sum = 0.0f;
    for (int i = 0; i < 3; ++i) sum = fmaf((float)sizes.scale, warps[i], sum);
    sums[blockIdx.x] = sum;
}

// What each of 32 lanes gets from the others: seven words per lane.
extern "C" __global__ void exchanges(int *got) {
    int lane = threadIdx.x;
    int *to = got + 7 * lane;
    to[0] = __shfl_xor_sync(0xffffffffu, lane, 5);
    to[1] = __shfl_up_sync(0xffffffffu, lane, 3);
    to[2] = __shfl_down_sync(0xffffffffu, lane, 3, 8);
    to[3] = __shfl_sync(0xffffffffu, lane, 9, 16);
    to[4] = (int)__ballot_sync(0xffffffffu, lane % 3 == 0);
    to[5] = __any_sync(0xffffffffu, lane == 7) * 2 + __all_sync(0xffffffffu, lane < 31);
    // Half a warp, which the other half does not wait for.
    to[6] = -1;
    if (lane < 16) to[6] = __shfl_xor_sync(0xffffu, lane, 1);
}
