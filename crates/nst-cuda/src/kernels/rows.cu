// Rows of a matrix, as it lies or transposed, each padded with zeros to a multiple of four values: what conv2d and products
// read 16 bytes at a time.

struct Parameters {
    const float *source;
    float *target;               // [rows, padded_columns]
    long long rows;
    int columns, padded_columns;
    long long row_stride, column_stride;
};

extern "C" __global__ void __launch_bounds__(256) rows(Parameters p) {
    long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= p.rows * p.padded_columns) return;
    long long row = at / p.padded_columns;
    int column = (int)(at % p.padded_columns);
    p.target[at] = column < p.columns ? p.source[row * p.row_stride + column * p.column_stride] : 0.0f;
}
