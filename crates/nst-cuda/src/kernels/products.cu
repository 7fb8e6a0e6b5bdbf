// Sums over positions of products of channels: Gram matrices, and the gradient of a convolution's filter.
//
// Entry (k, n) is the sum over positions of left(position, k) right(position, n), where k runs over a filter's taps, outermost,
// and input channels, and left is the input pixel that the tap sees. A Gram matrix is that of one tap with itself; of its
// tiles only the lower triangle is computed. Positions are split in a fixed way; each split is summed in single, the splits
// in double precision, so that the result depends on extents alone.

constexpr int SIDE = 64;         // of a tile
constexpr int DEPTH = 16;        // positions in shared memory at a time
constexpr int THREADS = 128;

struct Parameters {
    const float *left;           // [batch, height, width, channels]
    const float *right;          // [batch, out_height, out_width, columns]
    float *partials;             // [splits, tiles, SIDE, SIDE]
    int batch, height, width, channels;
    int out_height, out_width, columns;
    int kernel_height, kernel_width, padding;
    int split;                   // positions of each split, a multiple of DEPTH
    int triangle;                // tiles are those of a lower triangle
};

// A position of the output.
struct Pixel {
    int image, y, x;

    __device__ __forceinline__ void skip(const Parameters &p) {
        x += DEPTH;
        while (x >= p.out_width) {
            x -= p.out_width;
            if (++y == p.out_height) {
                y = 0;
                ++image;
            }
        }
    }
};

// The tile's place: its first entries, in units of tiles.
__device__ __forceinline__ void tile_of(int index, int column_tiles, int triangle, int &row, int &column) {
    if (!triangle) {
        row = index / column_tiles;
        column = index % column_tiles;
        return;
    }
    row = 0;
    while ((row + 1) * (row + 2) / 2 <= index) ++row;
    column = index - row * (row + 1) / 2;
}

__device__ __forceinline__ void fused(float (&sums)[8][4], const float4 &low, const float4 &high, const float4 &right) {
    float a[8] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
    float b[4] = {right.x, right.y, right.z, right.w};
#pragma unroll
    for (int i = 0; i < 8; ++i) {
#pragma unroll
        for (int j = 0; j < 4; ++j) sums[i][j] = fmaf(a[i], b[j], sums[i][j]);
    }
}

template <bool POINTWISE> __device__ __forceinline__ void products(const Parameters &p) {
    __shared__ float4 left_tiles[2][DEPTH][SIDE / 4];
    __shared__ float4 right_tiles[2][DEPTH][SIDE / 4];
    int thread = threadIdx.x, lane = thread & 31, warp = thread >> 5;
    int tile_row, tile_column;
    tile_of(blockIdx.x, (p.columns + SIDE - 1) / SIDE, p.triangle, tile_row, tile_column);

    // A thread loads four entries of two positions of each tile.
    int quarter = thread % 16, first = thread / 16;
    int k = tile_row * SIDE + 4 * quarter, n = tile_column * SIDE + 4 * quarter;
    int tap = k / p.channels, channel = k % p.channels;
    int tap_y = tap / p.kernel_width - p.padding, tap_x = tap % p.kernel_width - p.padding;
    bool left_inside = tap < p.kernel_height * p.kernel_width, right_inside = n < p.columns;
    int positions = p.batch * p.out_height * p.out_width;
    int begin = blockIdx.y * p.split, end = min(begin + p.split, positions);

    float4 zero = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    float4 staged_left[2], staged_right[2];
    int position[2];
    Pixel pixel[2];
#pragma unroll
    for (int i = 0; i < 2; ++i) {
        position[i] = begin + first + 8 * i;
        int line = position[i] / p.out_width;
        if (!POINTWISE) pixel[i] = {line / p.out_height, line % p.out_height, position[i] % p.out_width};
    }
    auto load = [&]() {
#pragma unroll
        for (int i = 0; i < 2; ++i) {
            bool inside = position[i] < end;
            long long from = position[i];
            const float4 *right = reinterpret_cast<const float4 *>(p.right + from * p.columns + n);
            staged_right[i] = right_inside && inside ? *right : zero;
            if (!POINTWISE) {
                int y = pixel[i].y + tap_y, x = pixel[i].x + tap_x;
                inside = inside && (unsigned)y < (unsigned)p.height && (unsigned)x < (unsigned)p.width;
                from = (long long)(pixel[i].image * p.height + y) * p.width + x;
                pixel[i].skip(p);
            }
            const float4 *left = reinterpret_cast<const float4 *>(p.left + from * p.channels + channel);
            staged_left[i] = left_inside && inside ? *left : zero;
            position[i] += DEPTH;
        }
    };
    auto store = [&](int buffer) {
#pragma unroll
        for (int i = 0; i < 2; ++i) {
            left_tiles[buffer][first + 8 * i][quarter] = staged_left[i];
            right_tiles[buffer][first + 8 * i][quarter] = staged_right[i];
        }
    };

    // Of the 32x32 entries of a warp a thread has rows 4 (lane / 8) + i and 16 + 4 (lane / 8) + i, and columns 4 (lane % 8) + j.
    int row = warp / 2 * 8 + (lane >> 3), column = warp % 2 * 8 + (lane & 7);
    float sums[8][4] = {};
    load();
    store(0);
    __syncthreads();
    for (int from = begin, current = 0; from < end; from += DEPTH, current ^= 1) {
        bool more = from + DEPTH < end;
        if (more) load();
#pragma unroll
        for (int position = 0; position < DEPTH; ++position)
            fused(sums, left_tiles[current][position][row], left_tiles[current][position][row + 4],
                  right_tiles[current][position][column]);
        if (more) store(current ^ 1);
        __syncthreads();
    }
    // Columns are stored one after the other, each with its rows side by side.
    float4 *tile = reinterpret_cast<float4 *>(p.partials) + ((long long)blockIdx.y * gridDim.x + blockIdx.x) * (SIDE * SIDE / 4);
#pragma unroll
    for (int j = 0; j < 4; ++j) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            const float(*from)[4] = &sums[4 * half];
            tile[(4 * column + j) * (SIDE / 4) + row + 4 * half] = make_float4(from[0][j], from[1][j], from[2][j], from[3][j]);
        }
    }
}

extern "C" __global__ void __launch_bounds__(THREADS) gram(Parameters p) { products<true>(p); }
extern "C" __global__ void __launch_bounds__(THREADS) filter_gradient(Parameters p) { products<false>(p); }

struct Splits {
    const float *partials;
    float *output;
    int tiles, splits, column_tiles;
    int taps, channels, padded_channels, columns;
};

// The sum over all splits of entry (k, n), which lies in this tile.
__device__ __forceinline__ float total(const Splits &p, int tile, int k, int n) {
    const float *from = p.partials + ((long long)tile * SIDE + n % SIDE) * SIDE + k % SIDE;
    double sum = 0.0;
    for (int split = 0; split < p.splits; ++split) sum += from[(long long)split * p.tiles * SIDE * SIDE];
    return (float)sum;
}

// Adds up the splits of a Gram matrix: a block has 32x32 entries of the lower triangle, and their mirror image.
constexpr int PART = 32;
extern "C" __global__ void __launch_bounds__(8 * PART) sum_gram(Splits p) {
    __shared__ float values[PART][PART + 1];
    int row, column;
    tile_of(blockIdx.x, 0, 1, row, column);
    int across = threadIdx.x % PART, down = threadIdx.x / PART;
    int tile = row / 2 * (row / 2 + 1) / 2 + column / 2;
#pragma unroll
    for (int i = 0; i < PART; i += 8) {
        int k = PART * row + across, n = PART * column + down + i;
        float value = k < p.channels && n < p.channels ? total(p, tile, k, n) : 0.0f;
        values[down + i][across] = value;
        if (k < p.channels && n < p.channels) p.output[(long long)n * p.channels + k] = value;
    }
    if (row == column) return;
    __syncthreads();
#pragma unroll
    for (int i = 0; i < PART; i += 8) {
        int k = PART * row + down + i, n = PART * column + across;
        if (k < p.channels && n < p.channels) p.output[(long long)k * p.channels + n] = values[across][down + i];
    }
}

// Adds up the splits of a filter's gradient, [columns, channels, taps]: a thread for each entry as it lies in the partial sums.
extern "C" __global__ void __launch_bounds__(256) sum_filter(Splits p) {
    long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= (long long)p.columns * p.channels * p.taps) return;
    int channel = (int)(at % p.channels), tap = (int)(at / p.channels % p.taps), n = (int)(at / p.channels / p.taps);
    int k = tap * p.padded_channels + channel;
    float value = total(p, k / SIDE * p.column_tiles + n / SIDE, k, n);
    p.output[((long long)n * p.channels + channel) * p.taps + tap] = value;
}
