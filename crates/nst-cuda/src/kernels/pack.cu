// A filter or a matrix as the right operand of conv2d: [tap][row channel][column channel], the channels of a row padded with
// zeros to a multiple of four, rows to a multiple of conv2d's DEPTH, columns to one of its COLUMNS.

struct Parameters {
    const float *source;
    float *packed;
    int taps, channels, padded_channels;
    int columns, padded_columns;
    int rows;                    // all of them, padding included
    // Value (tap, channel, column) is source[first + tap * tap_stride + channel * channel_stride + column * column_stride].
    long long first, tap_stride, channel_stride, column_stride;
    int symmetric;               // adds the value with channel and column exchanged
    int tensor_cores;            // rounds to TF32 and puts columns in the order in which conv2d's tensor cores take them
};

// The nearest TF32 number, ties away from zero, as cvt.rna.tf32.f32 has it.
__device__ __forceinline__ float to_tf32(float value) {
    if (isnan(value)) return value;
    return __uint_as_float((__float_as_uint(value) + 0x1000u) & ~0x1fffu);
}

// The channel whose values lie in this column of the packed filter: see `multiply` in conv2d.cu.
__device__ __forceinline__ int channel_at(int column) {
    int tile = column >> 3 & 3, n = column & 7;
    return (column & ~31) + (tile >> 1) * 16 + (n >> 1) * 4 + (tile & 1) * 2 + (n & 1);
}

extern "C" __global__ void __launch_bounds__(256) pack(Parameters p) {
    long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= (long long)p.rows * p.padded_columns) return;
    int row = (int)(at / p.padded_columns), column = (int)(at % p.padded_columns);
    if (p.tensor_cores) column = channel_at(column);
    int tap = row / p.padded_channels, channel = row % p.padded_channels;
    float value = 0.0f;
    if (tap < p.taps && channel < p.channels && column < p.columns) {
        const float *from = p.source + p.first + tap * p.tap_stride;
        value = from[channel * p.channel_stride + column * p.column_stride];
        if (p.symmetric) value += from[column * p.channel_stride + channel * p.column_stride];
    }
    p.packed[at] = p.tensor_cores ? to_tf32(value) : value;
}
