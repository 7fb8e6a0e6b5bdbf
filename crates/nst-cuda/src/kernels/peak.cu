// Nothing but multiply-adds in registers, to measure the most that the device can do.

constexpr int CHAINS = 16;

struct Parameters {
    float *output;               // [blocks * threads], so that nothing is optimised away
    int rounds;
    float factor, summand;
};

extern "C" __global__ void __launch_bounds__(256) peak(Parameters p) {
    float values[CHAINS];
    int at = blockIdx.x * blockDim.x + threadIdx.x;
#pragma unroll
    for (int i = 0; i < CHAINS; ++i) values[i] = (float)(at + i);
    for (int round = 0; round < p.rounds; ++round) {
#pragma unroll
        for (int i = 0; i < CHAINS; ++i) values[i] = fmaf(values[i], p.factor, p.summand);
    }
    float sum = 0.0f;
#pragma unroll
    for (int i = 0; i < CHAINS; ++i) sum += values[i];
    p.output[at] = sum;
}
