// Convolution with its epilogue, as an implicit matrix product.
//
// Rows are output pixels, columns output channels, and the inner extent runs over the filter's taps, outermost, and the
// input's channels: no im2col matrix is ever stored. The gradient with respect to the input is the same kernel, on flipped
// and transposed filters, reading the gradient through the gate.
//
// Channels of the input come padded to multiples of four, so that every load is one of 16 bytes. The filter is packed as
// [tap][input channel][output channel], rows padded with zeros to a multiple of DEPTH, columns to one of COLUMNS.
//
// With NST_TF32 defined the products go through tensor cores (mma.sync m16n8k8, compute capability 8.0), the operands rounded
// to TF32: filters when they are packed, the input in registers.

// A block's tile of the output, and how much of the inner extent is in shared memory at a time, twice.
constexpr int ROWS = 128;
constexpr int COLUMNS = 64;
constexpr int DEPTH = 16;
constexpr int THREADS = 128;
// A row of the filter's tile in shared memory: the eight extra words put the four rows that tensor cores read at once into
// different banks.
constexpr int FILTER_STRIDE = COLUMNS + 8;

enum Pooling { NO_POOLING, MAX_POOLING, AVERAGE_POOLING };

struct Parameters {
    const float *input;          // [batch, height, width, in_channels]; with a gate what is stored of it
    const float *filter;
    const float *bias;           // [out_channels], or null
    float *output;               // [batch, out_height, out_width, out_channels], or what a pooling leaves
    unsigned char *bits;         // of the output, or null: see `bits_at`
    const unsigned char *gate;   // of the input, or null
    int batch, height, width, in_channels;
    int out_height, out_width, out_channels;
    int kernel_height, kernel_width, padding_top, padding_left;
    int relu;                    // 0 or 1
    int pooling;                 // of the output
    int gate_shift;              // of the input: 1 where a pooling halved its sides, else 0
    float gate_scale;            // what it multiplied values with on the way back
    int accumulate;              // adds to what the output holds (without pooling)
};

// Where an output pixel lies: its image, the first tap's row and column, which a padding may put outside, and that place
// counted in pixels of the input. Rows beyond the output lie outside for every tap.
struct Pixel {
    int image, y, x, place;
};

// Where the bits of four channels of a pixel lie: sixteen channels of one pixel after the other, as many as are read at a time.
__device__ __forceinline__ long long bits_at(int pixels, int pixel, int channel) {
    return 4 * ((long long)(channel >> 4) * pixels + pixel) + (channel >> 2 & 3);
}

struct Tile {
    float4 input[ROWS * DEPTH / 4];
    float filter[DEPTH * FILTER_STRIDE];
};

// The four channels from 4 * quarter on of a row of the input's tile. The permutation keeps both the 16-byte accesses of
// neighbouring rows and the fragments of tensor cores in different banks.
__device__ __forceinline__ int place(int row, int quarter) {
    return row * (DEPTH / 4) + (quarter ^ (row >> 1 & 3));
}

// The output pixel that row `row` of the block's tile computes. Rows i * 8 + g for i = 0..8 of 64 belong to one thread: with a
// pooling it gets two whole windows.
__device__ __forceinline__ int pixel_of(int row, int pooling) {
    if (pooling == NO_POOLING) return row;
    return (row & ~63) + (row >> 5 & 1) * 32 + (row & 7) * 4 + (row >> 3 & 3);
}

// How many rows there are, of which a pooling leaves out a last odd line or column.
__device__ __forceinline__ int rows_of(const Parameters &p) {
    if (p.pooling == NO_POOLING) return p.batch * p.out_height * p.out_width;
    return p.batch * (p.out_height / 2) * (p.out_width / 2) * 4;
}

// The output pixel `index`, counted in reading order, or by windows and their corners with a pooling.
__device__ __forceinline__ void coordinates(const Parameters &p, int index, int &image, int &y, int &x) {
    int height = p.out_height, width = p.out_width, corner = 0;
    if (p.pooling != NO_POOLING) {
        corner = index & 3;
        index >>= 2;
        height /= 2;
        width /= 2;
    }
    image = index / (height * width);
    y = index / width % height;
    x = index % width;
    if (p.pooling != NO_POOLING) {
        y = 2 * y + (corner >> 1);
        x = 2 * x + (corner & 1);
    }
}

__device__ __forceinline__ Pixel locate(const Parameters &p, int index) {
    if (index >= rows_of(p)) return {0, -(1 << 30), 0, 0};
    int image, y, x;
    coordinates(p, index, image, y, x);
    y -= p.padding_top;
    x -= p.padding_left;
    return {image, y, x, (image * p.height + y) * p.width + x};
}

// The four channels of the tap that a thread loads next.
struct Tap {
    int channel, y, x;
    int place;                   // from the first tap on, in pixels of the input

    __device__ __forceinline__ void skip(const Parameters &p, int channels) {
        channel += channels;
#pragma unroll 1
        while (channel >= p.in_channels) {
            channel -= p.in_channels;
            ++place;
            if (++x == p.kernel_width) {
                x = 0;
                place += p.width - p.kernel_width;
                // Beyond the last tap every row lies outside.
                y = y + 1 == p.kernel_height ? 1 << 29 : y + 1;
            }
        }
    }

    __device__ __forceinline__ bool inside(const Parameters &p, const Pixel &pixel) const {
        return (unsigned)(pixel.y + y) < (unsigned)p.height && (unsigned)(pixel.x + x) < (unsigned)p.width;
    }
};

// What a tap sees from a pixel; zeros outside.
template <bool GATED> __device__ __forceinline__ float4 read(const Parameters &p, const Pixel &pixel, const Tap &tap) {
    bool inside = tap.inside(p, pixel);
    float4 value = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    int place = pixel.place + tap.place;
    if (!GATED) {
        if (inside) value = *reinterpret_cast<const float4 *>(p.input + (long long)place * p.in_channels + tap.channel);
        return value;
    }
    // Of a last odd line or column, which a pooling leaves out, nothing is stored.
    int y = (pixel.y + tap.y) >> p.gate_shift, x = (pixel.x + tap.x) >> p.gate_shift;
    int height = p.height >> p.gate_shift, width = p.width >> p.gate_shift;
    inside = inside && y < height && x < width;
    int stored = (pixel.image * height + y) * width + x;
    unsigned bits = 15;
    if (inside) {
        value = *reinterpret_cast<const float4 *>(p.input + (long long)stored * p.in_channels + tap.channel);
        if (p.gate) bits = p.gate[bits_at(p.batch * p.height * p.width, place, tap.channel)];
    }
    value.x = bits & 1 ? p.gate_scale * value.x : 0.0f;
    value.y = bits & 2 ? p.gate_scale * value.y : 0.0f;
    value.z = bits & 4 ? p.gate_scale * value.z : 0.0f;
    value.w = bits & 8 ? p.gate_scale * value.w : 0.0f;
    return value;
}

#ifdef NST_TF32
#ifndef NST_HOST
// Copies 16 bytes to shared memory behind the threads' back; zeros if `bytes` is 0.
__device__ __forceinline__ void copy_async_16(void *shared, const void *global, int bytes) {
    unsigned to = (unsigned)__cvta_generic_to_shared(shared);
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(global), "r"(bytes) : "memory");
}
__device__ __forceinline__ void copy_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int LEFT> __device__ __forceinline__ void copy_async_wait() {
    asm volatile("cp.async.wait_group %0;" ::"n"(LEFT) : "memory");
}
__device__ __forceinline__ unsigned to_tf32(float value) {
    unsigned rounded;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(rounded) : "f"(value));
    return rounded;
}
__device__ __forceinline__ void mma_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
#endif

__device__ __forceinline__ float4 rounded(const float4 &value) {
    return make_float4(__uint_as_float(to_tf32(value.x)), __uint_as_float(to_tf32(value.y)),
                       __uint_as_float(to_tf32(value.z)), __uint_as_float(to_tf32(value.w)));
}

// Adds the products of a tile. Of the 64x32 outputs of a warp a thread gets rows 8 i + lane / 4 and, because the filter's
// columns are packed in that order, channels 4 (lane % 4) + j and 16 + 4 (lane % 4) + j, as the f32 version does.
__device__ __forceinline__ void multiply(const Tile &tile, int row, int column, int lane, float (&sums)[8][8]) {
    int group = lane >> 2, place_in_group = lane & 3;
    const float *input = reinterpret_cast<const float *>(tile.input) + (row + group) * DEPTH + place_in_group;
    const float *filter = tile.filter + place_in_group * FILTER_STRIDE + column + group;
#pragma unroll
    for (int k = 0; k < DEPTH; k += 8) {
        unsigned a[4][4], b[4][2];
#pragma unroll
        for (int part = 0; part < 4; ++part) {
            // Rows that are multiples of eight apart are permuted alike: see `place`.
            int quarter = (k / 4 + (part >> 1)) ^ (group >> 1 & 3);
#pragma unroll
            for (int i = 0; i < 4; ++i)
                a[i][part] = __float_as_uint(input[(16 * i + 8 * (part & 1)) * DEPTH + 4 * quarter]);
        }
#pragma unroll
        for (int j = 0; j < 4; ++j) {
#pragma unroll
            for (int part = 0; part < 2; ++part)
                b[j][part] = __float_as_uint(filter[(k + 4 * part) * FILTER_STRIDE + 8 * j]);
        }
#pragma unroll
        for (int i = 0; i < 4; ++i) {
#pragma unroll
            for (int j = 0; j < 4; ++j) {
                float d[4] = {sums[2 * i][2 * j], sums[2 * i][2 * j + 1], sums[2 * i + 1][2 * j],
                              sums[2 * i + 1][2 * j + 1]};
                mma_tf32(d, a[i], b[j]);
                sums[2 * i][2 * j] = d[0];
                sums[2 * i][2 * j + 1] = d[1];
                sums[2 * i + 1][2 * j] = d[2];
                sums[2 * i + 1][2 * j + 1] = d[3];
            }
        }
    }
}
#else
__device__ __forceinline__ float4 rounded(const float4 &value) { return value; }

// Adds the products of a tile. Of the 64x32 outputs of a warp a thread gets rows 8 i + lane / 4 and channels
// 4 (lane % 4) + j and 16 + 4 (lane % 4) + j.
__device__ __forceinline__ void multiply(const Tile &tile, int row, int column, int lane, float (&sums)[8][8]) {
    int group = lane >> 2;
    const float4 *input = tile.input + (row + group) * (DEPTH / 4);
    const float *filter = tile.filter + column + 4 * (lane & 3);
#pragma unroll
    for (int quarter = 0; quarter < DEPTH / 4; ++quarter) {
        float4 a[8];
        // Rows that are multiples of eight apart are permuted alike: see `place`.
#pragma unroll
        for (int i = 0; i < 8; ++i) a[i] = input[8 * i * (DEPTH / 4) + (quarter ^ (group >> 1 & 3))];
#pragma unroll
        for (int k = 0; k < 4; ++k) {
            const float *from = filter + (4 * quarter + k) * FILTER_STRIDE;
            float4 low = *reinterpret_cast<const float4 *>(from);
            float4 high = *reinterpret_cast<const float4 *>(from + 16);
            float b[8] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
#pragma unroll
            for (int i = 0; i < 8; ++i) {
                float x = k == 0 ? a[i].x : k == 1 ? a[i].y : k == 2 ? a[i].z : a[i].w;
#pragma unroll
                for (int j = 0; j < 8; ++j) sums[i][j] = fmaf(x, b[j], sums[i][j]);
            }
        }
    }
}
#endif

// The greatest value of a window and its corner, of equal ones the first; the last NaN if there is one.
__device__ __forceinline__ float greatest(const float (&window)[4], int &best) {
    float value = window[0];
    best = 0;
#pragma unroll
    for (int corner = 1; corner < 4; ++corner) {
        bool better = window[corner] > value || isnan(window[corner]);
        best = better ? corner : best;
        value = better ? window[corner] : value;
    }
    return value;
}

// Four channels of one output pixel to memory; fewer where the channels end.
__device__ __forceinline__ void write(float *output, const float *values, int left, bool accumulate) {
    if (left >= 4 && (reinterpret_cast<unsigned long long>(output) & 15) == 0) {
        float4 value = make_float4(values[0], values[1], values[2], values[3]);
        if (accumulate) {
            float4 sum = *reinterpret_cast<float4 *>(output);
            value = make_float4(sum.x + value.x, sum.y + value.y, sum.z + value.z, sum.w + value.w);
        }
        *reinterpret_cast<float4 *>(output) = value;
        return;
    }
#pragma unroll
    for (int j = 0; j < 4; ++j) {
        if (j < left) output[j] = accumulate ? output[j] + values[j] : values[j];
    }
}

__device__ __forceinline__ float activate(float value, int relu) {
    // NaN stays NaN.
    return relu && value < 0.0f ? 0.0f : value;
}

// What follows the sums of four channels: bias, ReLU, pooling, the gate's bits.
__device__ __forceinline__ void finish(const Parameters &p, int row, int channel, int lane, const float (&sums)[8][8],
                                       int half) {
    int left = p.out_channels - channel;
    if (left <= 0) return;
    float bias[4];
#pragma unroll
    for (int j = 0; j < 4; ++j) bias[j] = p.bias && j < left ? p.bias[channel + j] : 0.0f;
    // Four rows at a time: a window, if there is a pooling.
#pragma unroll
    for (int first = 0; first < 8; first += 4) {
        float values[4][4], pooled[4];
        unsigned bits[4] = {0, 0, 0, 0};
#pragma unroll
        for (int j = 0; j < 4; ++j) {
            float window[4];
#pragma unroll
            for (int i = 0; i < 4; ++i) {
                window[i] = activate(sums[first + i][4 * half + j] + bias[j], p.relu);
                values[i][j] = window[i];
            }
            int best;
            float most = greatest(window, best);
            float mean = 0.25f * ((window[0] + window[1]) + (window[2] + window[3]));
            pooled[j] = p.pooling == MAX_POOLING ? most : mean;
#pragma unroll
            for (int i = 0; i < 4; ++i) {
                bool passes = (!p.relu || window[i] > 0.0f) && (p.pooling != MAX_POOLING || best == i);
                bits[i] |= passes ? 1u << j : 0u;
            }
        }
        int rows = rows_of(p);
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            int index = pixel_of(row + 8 * (first + i) + (lane >> 2), p.pooling);
            if (index >= rows) continue;
            if (p.bits) {
                int image, y, x;
                coordinates(p, index, image, y, x);
                int pixel = (image * p.out_height + y) * p.out_width + x;
                p.bits[bits_at(p.batch * p.out_height * p.out_width, pixel, channel)] = bits[i];
            }
            if (p.pooling == NO_POOLING)
                write(p.output + (long long)index * p.out_channels + channel, values[i], left, p.accumulate);
            else if (i == 0)
                write(p.output + (long long)(index / 4) * p.out_channels + channel, pooled, left, false);
        }
    }
}

// Sums that nothing follows.
__device__ __forceinline__ void store_plain(const Parameters &p, int row, int channel, int lane, const float (&sums)[8][8]) {
    int rows = rows_of(p);
#pragma unroll
    for (int i = 0; i < 8; ++i) {
        int index = row + 8 * i + (lane >> 2);
        if (index >= rows) continue;
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            int first = channel + 16 * half;
            write(p.output + (long long)index * p.out_channels + first, &sums[i][4 * half], p.out_channels - first, false);
        }
    }
}

template <bool GATED> __device__ __forceinline__ void convolve(const Parameters &p) {
    __shared__ Tile tiles[2];
    constexpr int LOADS = ROWS * DEPTH / 4 / THREADS;
    int thread = threadIdx.x, lane = thread & 31, warp = thread >> 5;
    int first_row = blockIdx.x * ROWS, first_column = blockIdx.y * COLUMNS;
    int filter_width = gridDim.y * COLUMNS;
    int depth = p.kernel_height * p.kernel_width * p.in_channels;

    // A thread loads the same quarter of four rows of the input's tile, and two quarters of a row of the filter's.
    int quarter = thread & 3;
    Pixel pixels[LOADS];
#pragma unroll
    for (int i = 0; i < LOADS; ++i)
        pixels[i] = locate(p, first_row + pixel_of(thread / 4 + THREADS / 4 * i, p.pooling));
    Tap tap = {0, 0, 0, 0};
    tap.skip(p, 4 * quarter);
    const float *filter = p.filter + (long long)(thread / 16) * filter_width + first_column + thread % 16 * 4;
    int input_place = place(thread / 4, quarter);
    int filter_place = thread / 16 * FILTER_STRIDE + thread % 16 * 4;

    float4 staged[LOADS];
    auto load = [&] {
#pragma unroll
        for (int i = 0; i < LOADS; ++i) {
            staged[i] = read<GATED>(p, pixels[i], tap);
        }
        tap.skip(p, DEPTH);
    };
#ifndef NST_TF32
    float4 staged_filter[2];
#endif
    auto load_filter = [&](Tile &tile) {
#pragma unroll
        for (int i = 0; i < 2; ++i) {
            const float *from = filter + (long long)(8 * i) * filter_width;
#ifdef NST_TF32
            copy_async_16(&tile.filter[filter_place + 8 * i * FILTER_STRIDE], from, 16);
#else
            staged_filter[i] = *reinterpret_cast<const float4 *>(from);
#endif
        }
        filter += (long long)DEPTH * filter_width;
#ifdef NST_TF32
        copy_async_commit();
#endif
    };
    // What was loaded is in the tile, for this thread; a barrier makes it so for all.
    auto store = [&](Tile &tile) {
#pragma unroll
        for (int i = 0; i < LOADS; ++i) tile.input[input_place + THREADS / 4 * i * (DEPTH / 4)] = rounded(staged[i]);
#ifdef NST_TF32
        copy_async_wait<0>();
#else
#pragma unroll
        for (int i = 0; i < 2; ++i)
            *reinterpret_cast<float4 *>(&tile.filter[filter_place + 8 * i * FILTER_STRIDE]) = staged_filter[i];
#endif
    };

    float sums[8][8] = {};
    int row = warp / 2 * 64, column = warp % 2 * 32;
    bool busy = first_row + row < rows_of(p) && first_column + column < p.out_channels;
    load();
    load_filter(tiles[0]);
    store(tiles[0]);
    __syncthreads();
    for (int k = 0, current = 0; k < depth; k += DEPTH, current ^= 1) {
        bool more = k + DEPTH < depth;
        if (more) {
            load();
            load_filter(tiles[current ^ 1]);
        }
        if (busy) multiply(tiles[current], row, column, lane, sums);
        if (more) store(tiles[current ^ 1]);
        __syncthreads();
    }
    if (!busy) return;
    if (GATED) {
        store_plain(p, first_row + row, first_column + column + 4 * (lane & 3), lane, sums);
        return;
    }
    finish(p, first_row + row, first_column + column + 4 * (lane & 3), lane, sums, 0);
    finish(p, first_row + row, first_column + column + 16 + 4 * (lane & 3), lane, sums, 1);
}

// With tensor cores there are registers for three blocks on a multiprocessor; in f32 those that read through gates would spill.
#ifdef NST_TF32
#define ENTRY(name) extern "C" __global__ void __launch_bounds__(THREADS, 3) name##_tf32(Parameters p)
#else
#define ENTRY(name) extern "C" __global__ void __launch_bounds__(THREADS) name(Parameters p)
#endif

ENTRY(conv2d) { convolve<false>(p); }
// Through a gate; nothing follows the sums.
ENTRY(conv2d_gated) { convolve<true>(p); }
