// Pooling over 2x2 windows with stride two, and its gradient, gathered: one thread for each element of the result.

struct Parameters {
    const float *input;          // [batch, height, width, channels]
    const float *gradient;       // [batch, height / 2, width / 2, channels]
    float *output;
    long long len;               // of the output
    int height, width, channels;
    int average;                 // else the greatest value
};

// The corner of the greatest value, of equal ones the first in reading order; the last NaN if there is one.
__device__ __forceinline__ int greatest(const Parameters &p, const float *corner, float &value) {
    int best = 0;
    value = corner[0];
    for (int i = 1; i < 4; ++i) {
        float x = corner[((long long)(i >> 1) * p.width + (i & 1)) * p.channels];
        if (x > value || isnan(x)) {
            value = x;
            best = i;
        }
    }
    return best;
}

extern "C" __global__ void __launch_bounds__(256) pool2d(Parameters p) {
    long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= p.len) return;
    int height = p.height / 2, width = p.width / 2;
    int channel = (int)(at % p.channels), x = (int)(at / p.channels % width);
    long long line = at / p.channels / width;
    long long image = line / height, y = line % height;
    const float *corner = p.input + ((image * p.height + 2 * y) * p.width + 2 * x) * p.channels + channel;
    float value;
    if (p.average) {
        const float *below = corner + (long long)p.width * p.channels;
        value = 0.25f * ((corner[0] + corner[p.channels]) + (below[0] + below[p.channels]));
    } else {
        greatest(p, corner, value);
    }
    p.output[at] = value;
}

extern "C" __global__ void __launch_bounds__(256) pool2d_backward(Parameters p) {
    long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= p.len) return;
    int height = p.height / 2, width = p.width / 2;
    int channel = (int)(at % p.channels), x = (int)(at / p.channels % p.width);
    long long line = at / p.channels / p.width;
    long long image = line / p.height;
    int y = (int)(line % p.height);
    float value = 0.0f;
    if (y < 2 * height && x < 2 * width) {
        float gradient = p.gradient[((image * height + y / 2) * width + x / 2) * p.channels + channel];
        if (p.average) {
            value = 0.25f * gradient;
        } else {
            const float *corner = p.input + ((image * p.height + y / 2 * 2) * p.width + x / 2 * 2) * p.channels + channel;
            float most;
            value = greatest(p, corner, most) == (y & 1) * 2 + (x & 1) ? gradient : 0.0f;
        }
    }
    p.output[at] = value;
}
