#include "RadialKernels.h"

#include <math.h>
#include <string.h>

// The one kernel source, once per instruction set. Tile sizes fill the registers of each: 32 vectors of 16 floats in
// AVX-512 (6 rows x 4 panels = 24 sums), 16 of 8 in AVX2 (6 x 1 panel = 12 sums), 32 of 4 in NEON (6 x 1 panel = 24
// sums).

#pragma STDC FP_CONTRACT OFF

// What a tile sums.
typedef enum { PRODUCTS, DISTANCES, PLANES } rk_sums;

// What becomes of a window.
typedef enum { MAXIMUM, MEAN, WIDE_MEAN } rk_pool;

// Cells that a convolution of one filter a channel computes side by side: as many chains as keep two multipliers busy
// that take four cycles.
enum { CELLS = 8 };

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), \
                             apply_to = function)
#define SUFFIX avx512
#define LANES 16
#define WIDE 8
#define ROWS_4 6
#define ROWS_3 8
#define ROWS_2 12
#define ROWS_1 16
#include "kernels.inc"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define SUFFIX avx2
#define LANES 8
#define WIDE 4
#define ROWS_4 0
#define ROWS_1 6
#include "kernels.inc"
#pragma clang attribute pop

#elif defined(__aarch64__)

#define SUFFIX neon
#define LANES 4
#define WIDE 4
#define ROWS_4 0
#define ROWS_1 6
#include "kernels.inc"

#endif

// Any processor: without fused multiply-add in hardware each one is a library call, exact and slow.
#define SUFFIX portable
#define LANES 4
#define WIDE 2
#define ROWS_4 0
#define ROWS_1 2
#include "kernels.inc"

void rk_pad(const float *image, size_t rows, size_t row, size_t top, size_t bottom, size_t left, size_t right,
            float *target) {
  const size_t width = left + row + right;
  memset(target, 0, top * width * sizeof(float));
  target += top * width;
  for (size_t i = 0; i < rows; i++, target += width) {
    memset(target, 0, left * sizeof(float));
    memcpy(target + left, image + i * row, row * sizeof(float));
    memset(target + left + row, 0, right * sizeof(float));
  }
  memset(target, 0, bottom * width * sizeof(float));
}

void rk_crop(const float *image, size_t row, size_t top, size_t rows, size_t left, size_t width, float *target) {
  for (size_t i = 0; i < rows; i++) memcpy(target + i * width, image + (top + i) * row + left, width * sizeof(float));
}

void rk_transpose(const float *x, size_t rows, size_t columns, float *y) {
  for (size_t j = 0; j < columns; j++) {
    for (size_t i = 0; i < rows; i++) y[j * rows + i] = x[i * columns + j];
  }
}

// The sum of (x - mean)^power over a cell: sixteen sums side by side, then their sum, in this order everywhere.
static double sum_of_powers(const float *x, size_t width, double mean, bool is_square) {
  enum { SUMS = 16 };
  double sums[SUMS] = {0};
  for (size_t k = 0; k < width; k += SUMS) {
    const size_t count = width - k < SUMS ? width - k : SUMS;
    for (size_t l = 0; l < count; l++) {
      const double difference = (double)x[k + l] - mean;
      sums[l] += is_square ? difference * difference : difference;
    }
  }
  double total = 0;
  for (size_t l = 0; l < SUMS; l++) total += sums[l];
  return total;
}

void rk_normalize(const float *x, size_t cells, size_t width, bool is_centred, double epsilon, const float *gamma,
                  const float *beta, float *y) {
  for (size_t cell = 0; cell < cells; cell++, x += width, y += width) {
    const double mean = is_centred ? sum_of_powers(x, width, 0, false) / (double)width : 0;
    const double squares = sum_of_powers(x, width, mean, true);
    const double divisor =
        is_centred ? sqrt(squares / (double)width + epsilon) : sqrt(squares > epsilon ? squares : epsilon);
    for (size_t k = 0; k < width; k++)
      y[k] = (float)(((double)x[k] - mean) / divisor * (double)gamma[k] + (double)beta[k]);
  }
}

const rk_kernels *rk_kernels_for(rk_instruction_set set) {
  switch (set) {
#if defined(__x86_64__)
    case RK_AVX512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                     __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                     __builtin_cpu_supports("fma")
                 ? &kernels_avx512
                 : NULL;
    case RK_AVX2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kernels_avx2 : NULL;
#elif defined(__aarch64__)
    case RK_NEON: return &kernels_neon;
#endif
    case RK_PORTABLE: return &kernels_portable;
    default: return NULL;
  }
}
