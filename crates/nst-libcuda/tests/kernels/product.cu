// A 16x8 times an 8x8 matrix on tensor cores, through asynchronous copies.

#ifndef NST_HOST
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

extern "C" __global__ void product(const float *left, const float *right, float *to) {
    __shared__ float4 left_tile[32], right_tile[16];
    int lane = threadIdx.x, group = lane / 4, place = lane % 4;
    copy_async_16(&left_tile[lane], left + 4 * lane, 16);
    copy_async_commit();
    if (lane < 16) copy_async_16(&right_tile[lane], right + 4 * lane, 16);
    copy_async_commit();
    copy_async_wait<1>();
    __syncwarp();
    const float *a = reinterpret_cast<const float *>(left_tile);
    unsigned rows[4] = {to_tf32(a[group * 8 + place]), to_tf32(a[(group + 8) * 8 + place]),
                        to_tf32(a[group * 8 + place + 4]), to_tf32(a[(group + 8) * 8 + place + 4])};
    copy_async_wait<0>();
    __syncwarp();
    const float *b = reinterpret_cast<const float *>(right_tile);
    unsigned columns[2] = {to_tf32(b[place * 8 + group]), to_tf32(b[(place + 4) * 8 + group])};
    float d[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    mma_tf32(d, rows, columns);
    to[group * 8 + 2 * place] = d[0];
    to[group * 8 + 2 * place + 1] = d[1];
    to[(group + 8) * 8 + 2 * place] = d[2];
    to[(group + 8) * 8 + 2 * place + 1] = d[3];
}
