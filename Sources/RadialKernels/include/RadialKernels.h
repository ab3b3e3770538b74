#ifndef RADIAL_KERNELS_H
#define RADIAL_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

// The kernels, instantiated once per instruction set from the one source kernels.inc. Only RadialEngine may use them.
//
// Legend: N rows, K inputs of a layer, U its units, P = U rounded up to RK_PANEL. Matrices are row-major; `stride` is in
// floats. Every output element is one chain of fused multiply-adds over k in ascending order, and every function is
// elementwise in fused and correctly rounded operations only: the results are the same bits for every instruction set, every
// batch size and every split of the rows.

// Columns of a weight panel. Weights are packed as [P / RK_PANEL][K][RK_PANEL], padded with zeros, 64-byte aligned.
enum { RK_PANEL = 16 };

typedef enum {
  RK_LINEAR, RK_RELU, RK_SIGMOID, RK_SOFTPLUS, RK_ELU, RK_GELU, RK_SELU, RK_SWISH, RK_SOFTMAX, RK_TANH, RK_SCALED_TANH, RK_EXP
} rk_activation;

typedef enum { RK_AVX512, RK_AVX2, RK_NEON, RK_PORTABLE } rk_instruction_set;

typedef struct {
  // y[N, P] = x[N, K] · W + bias[P]
  void (*dense)(const float *x, size_t x_stride, size_t rows, size_t inputs, const float *packed, const float *bias,
                size_t panels, float *y, size_t y_stride);
  // y[N, P] = sum over k of (x[n, k] - mu[k, c])^2: the sum of squared differences, never expanded
  void (*squared_distances)(const float *x, size_t x_stride, size_t rows, size_t inputs, const float *packed,
                            size_t panels, float *y, size_t y_stride);
  // y[N, width] = activation(y); y_stride is a multiple of RK_PANEL and columns up to it may be overwritten
  void (*activate)(rk_activation activation, float *y, size_t rows, size_t width, size_t y_stride);
  // y[n, c] = fma(y[n, c], scale[c], shift[c]) for P columns
  void (*column_affine)(float *y, size_t rows, size_t panels, size_t y_stride, const float *scale, const float *shift);
  // y[n, c] = -(gamma[c] * y[n, c]) for P columns
  void (*negative_scale)(float *y, size_t rows, size_t panels, size_t y_stride, const float *gamma);
  // out[n, k] = fma(in[n, k], scale, offset)
  void (*affine)(const float *in, size_t in_stride, size_t rows, size_t width, float scale, float offset, float *out,
                 size_t out_stride);
  // Register-only fused multiply-adds, for the peak that benchmarks quote; returns how many floating-point operations.
  double (*peak)(size_t iterations);
} rk_kernels;

// The kernels of an instruction set, or NULL where this processor, or this build, has none.
const rk_kernels *rk_kernels_for(rk_instruction_set set);

#endif
