#pragma once

// The arithmetic of Dense + RBF networks, one table of functions for each instruction set.
//
// Shapes: N rows, D inputs of a layer, H its units. `stride` is the distance between two rows of a buffer, in floats.
// A "padded" buffer has a stride that is a multiple of `lanes` and is aligned to 64 bytes; what lies between its
// last column and its stride has no meaning, but is readable and writable.
//
// Every function gives the same bits in every table: each element is one chain of fused multiply-adds over ascending
// k, and lanes only ever run across columns.

#include <stddef.h>

typedef enum {
  RADIAL_AVX512,
  RADIAL_AVX2,
  RADIAL_NEON,
  RADIAL_PORTABLE,
} radial_instruction_set;

typedef enum {
  RADIAL_LINEAR,
  RADIAL_RELU,
  RADIAL_SIGMOID,
  RADIAL_SOFTPLUS,
  RADIAL_ELU,
  RADIAL_GELU,
  RADIAL_SELU,
  RADIAL_SWISH,
  RADIAL_TANH,
  RADIAL_SCALED_TANH,
  RADIAL_EXP,
  RADIAL_EXPM1,
} radial_function;

/// One layer's weights [D, H], repacked by `pack`.
typedef struct {
  /// Panels of `panel_columns` columns, each [D, panel_columns]; the last is as wide as the columns left, padded with
  /// zeros to a multiple of `lanes`. Aligned to 64 bytes.
  const float *_Nonnull panels;
  /// Where each column's sum starts [padded H]; NULL starts at zero. Aligned to 64 bytes.
  const float *_Nullable start;
  size_t inputs;
  size_t columns;
} radial_weights;

typedef struct {
  /// Floats in one vector.
  size_t lanes;
  /// Columns in one full panel, a multiple of `lanes`.
  size_t panel_columns;

  /// y[n,h] = start[h] + Σ_k x[n,k] · w[k,h]; x [N, D] of any stride, y padded.
  void (*_Nonnull dense)(
    const radial_weights *_Nonnull w, const float *_Nonnull x, size_t x_stride, size_t rows, float *_Nonnull y,
    size_t y_stride);
  /// y[n,h] = Σ_k (x[n,k] − w[k,h])².
  void (*_Nonnull distances)(
    const radial_weights *_Nonnull w, const float *_Nonnull x, size_t x_stride, size_t rows, float *_Nonnull y,
    size_t y_stride);
  /// y = f(y) for `count` floats, a multiple of `lanes`.
  void (*_Nonnull apply)(radial_function f, float *_Nonnull y, size_t count);
  /// Softmax of each row of y [N, columns], padded.
  void (*_Nonnull softmax)(float *_Nonnull y, size_t rows, size_t columns, size_t stride);
  /// y[n,c] = exp(−scale[c] · y[n,c]), y padded, scale [stride].
  void (*_Nonnull gaussian)(const float *_Nonnull scale, float *_Nonnull y, size_t rows, size_t stride);
  /// y[n,c] = −scale[c] · y[n,c].
  void (*_Nonnull negative)(const float *_Nonnull scale, float *_Nonnull y, size_t rows, size_t stride);
  /// y[n,c] = y[n,c] · factor[c] + offset[c], y padded, factor and offset [stride].
  void (*_Nonnull affine)(
    const float *_Nonnull factor, const float *_Nonnull offset, float *_Nonnull y, size_t rows, size_t stride);
  /// y = x · factor + offset for `count` floats; neither pointer needs alignment.
  void (*_Nonnull rescale)(
    const float *_Nonnull x, float factor, float offset, float *_Nonnull y, size_t count);
  /// Runs `rounds` rounds of independent fused multiply-adds in registers alone, to measure the core's peak; returns
  /// how many floating-point operations that was (a multiply-add is two).
  double (*_Nonnull spin)(size_t rounds);
} radial_kernels;

/// The table of an instruction set; NULL where this processor, or its operating system, does not offer it.
const radial_kernels *_Nullable radial_kernels_for(radial_instruction_set set);

/// Floats that `radial_pack` writes for a layer [D, H].
size_t radial_packed_count(const radial_kernels *_Nonnull kernels, size_t inputs, size_t columns);

/// Repacks a row-major matrix [D, H] into panels; `panels` is aligned to 64 bytes.
void radial_pack(
  const radial_kernels *_Nonnull kernels, const float *_Nonnull matrix, size_t inputs, size_t columns,
  float *_Nonnull panels);
