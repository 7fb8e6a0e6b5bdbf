// Operations on single elements: one thread for each.

enum Map { AFFINE, SQUARE, SQRT, ABS, RELU };
enum Zip { ADD, SUB, MUL, DIV, MASK };
constexpr int TERMS = 64;

struct Parameters {
    const float *a;
    const float *b;              // the second operand of zip, repeated every `period` elements
    float *output;
    long long len, period;
    int operation;
    float scale, offset;         // of AFFINE; `offset` is the value of fill
};

__device__ __forceinline__ long long element() { return (long long)blockIdx.x * blockDim.x + threadIdx.x; }

extern "C" __global__ void __launch_bounds__(256) fill(Parameters p) {
    long long at = element();
    if (at < p.len) p.output[at] = p.offset;
}

extern "C" __global__ void __launch_bounds__(256) map(Parameters p) {
    long long at = element();
    if (at >= p.len) return;
    float x = p.a[at];
    switch (p.operation) {
        case AFFINE: x = p.scale * x + p.offset; break;
        case SQUARE: x = x * x; break;
        case SQRT: x = sqrtf(x); break;
        case ABS: x = fabsf(x); break;
        // NaN stays NaN.
        default: x = x < 0.0f ? 0.0f : x;
    }
    p.output[at] = x;
}

extern "C" __global__ void __launch_bounds__(256) zip(Parameters p) {
    long long at = element();
    if (at >= p.len) return;
    float x = p.a[at], y = p.b[p.period == p.len ? at : at % p.period];
    switch (p.operation) {
        case ADD: x = x + y; break;
        case SUB: x = x - y; break;
        case MUL: x = x * y; break;
        case DIV: x = x / y; break;
        default: x = y > 0.0f ? x : 0.0f;
    }
    p.output[at] = x;
}

struct Combination {
    double factors[TERMS];
    const float *terms[TERMS];
    float *output;
    long long len;
    int count;
};

// The sum of factors times terms, in double precision.
extern "C" __global__ void __launch_bounds__(256) linear_combination(Combination p) {
    long long at = element();
    if (at >= p.len) return;
    double sum = p.factors[0] * p.terms[0][at];
    for (int i = 1; i < p.count; ++i) sum = fma(p.factors[i], (double)p.terms[i][at], sum);
    p.output[at] = (float)sum;
}
