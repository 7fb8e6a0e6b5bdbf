// Rectangular parts of images: one thread for each element of the smaller side of the copy.

struct Parameters {
    const float *source;         // [batch, source_height, source_width, channels]
    float *target;               // [batch, height, width, channels]
    long long len;               // of what has a thread for each element
    int source_height, source_width, height, width, channels;
    int top, left;               // where the part lies in the whole
    int edge;                    // repeats the source's edge outside of it, else there are zeros
};

// Element `at` of a part, [.., height, width, channels].
struct Place {
    long long image;
    int y, x, channel;

    __device__ __forceinline__ Place(long long at, int height, int width, int channels) {
        channel = (int)(at % channels);
        x = (int)(at / channels % width);
        y = (int)(at / channels / width % height);
        image = at / channels / width / height;
    }
};

// The window of the source from (top, left) on, which may reach beyond it: a crop or a padding.
extern "C" __global__ void __launch_bounds__(256) window(Parameters p) {
    long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= p.len) return;
    Place to(at, p.height, p.width, p.channels);
    int y = to.y + p.top, x = to.x + p.left;
    bool inside = y >= 0 && y < p.source_height && x >= 0 && x < p.source_width;
    y = min(max(y, 0), p.source_height - 1);
    x = min(max(x, 0), p.source_width - 1);
    float value = 0.0f;
    if (inside || p.edge) value = p.source[((to.image * p.source_height + y) * p.source_width + x) * p.channels + to.channel];
    p.target[at] = value;
}

// Adds the source to the target's window from (top, left) on, within which it lies.
extern "C" __global__ void __launch_bounds__(256) add_region(Parameters p) {
    long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= p.len) return;
    Place from(at, p.source_height, p.source_width, p.channels);
    int y = from.y + p.top, x = from.x + p.left;
    p.target[((from.image * p.height + y) * p.width + x) * p.channels + from.channel] += p.source[at];
}
