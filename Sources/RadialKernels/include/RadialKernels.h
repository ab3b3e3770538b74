#ifndef RADIAL_KERNELS_H
#define RADIAL_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

// The kernels, instantiated once per instruction set from the one source kernels.inc. Only RadialEngine may use them.
//
// Legend: N rows, K inputs of a layer, U its units, P = U rounded up to RK_PANEL. Matrices are row-major; `stride` is
// in floats. Every output element is one chain of fused multiply-adds over k in ascending order, or the sum of such
// chains over blocks of k whose size follows from K alone; every function is elementwise in fused and correctly rounded
// operations only. So the results are the same bits for every instruction set, every batch size and every split of the
// rows.

// Columns of a weight panel. Weights are packed as [P / RK_PANEL][K][RK_PANEL], padded with zeros, 64-byte aligned.
enum { RK_PANEL = 16 };

// Floats that are 4 KiB, after which caches of 64 sets begin anew: what is this far apart, or a multiple of it, has its
// place in the same few lines, and a tile that walks several such streams would throw its own data out.
enum { RK_CACHE_PERIOD = 1024 };

// The way in floats from one row of a matrix of so many columns to the next.
static inline size_t rk_row_stride(size_t columns) {
  const size_t padded = (columns + RK_PANEL - 1) / RK_PANEL * RK_PANEL;
  return padded % RK_CACHE_PERIOD == 0 ? padded + RK_PANEL : padded;
}

// The way in floats from one panel of weights of K inputs to the next.
static inline size_t rk_panel_step(size_t inputs) { return rk_row_stride(inputs * RK_PANEL); }

// A sum of more than RK_WHOLE terms is taken in blocks of RK_BLOCK: a chain of Float32 loses digits as its sum outgrows
// its terms (a squared distance over 65,536 inputs: 2e-5 and more; in blocks 4e-7). 512 weights of a panel are 32 KiB,
// which first-level caches hold beside the rows that they meet.
enum { RK_WHOLE = 1024, RK_BLOCK = 512 };

// How many of `terms` are summed in one chain.
static inline size_t rk_block(size_t terms) { return terms <= RK_WHOLE ? terms : RK_BLOCK; }

typedef enum {
  RK_LINEAR,
  RK_RELU,
  RK_SIGMOID,
  RK_SOFTPLUS,
  RK_ELU,
  RK_GELU,
  RK_SELU,
  RK_SWISH,
  RK_SOFTMAX,
  RK_TANH,
  RK_SCALED_TANH,
  RK_EXP,
  RK_LEAKY_RELU,
  RK_RELU6,
  RK_HARD_SIGMOID,
  RK_HARD_SIGMOID_2,
  RK_SOFTSIGN
} rk_activation;

// What an RBF layer makes of a squared distance, u being gamma d^2 and t gamma d.
typedef enum {
  RK_ROOT,                  // t
  RK_NEGATIVE_ROOT,         // -t
  RK_EXP_ROOT,              // exp(-t)
  RK_INVERSE_QUADRATIC,     // 1 / (1 + u)
  RK_INVERSE_MULTIQUADRIC,  // 1 / sqrt(1 + u)
  RK_MULTIQUADRIC,          // sqrt(1 + u)
  RK_MATERN_32,             // (1 + r) exp(-r), r = sqrt(3 u)
  RK_MATERN_52,             // (1 + r + r^2 / 3) exp(-r), r = sqrt(5 u)
  RK_STUDENT_T,             // (1 + u)^-power
  RK_SCALED                 // u
} rk_radial;

typedef enum { RK_AVX512, RK_AVX2, RK_NEON, RK_PORTABLE } rk_instruction_set;

// A convolution of an image that already has its padding. In floats: `run` is a row of the kernel, `run_step` a row of
// the image, `row_step` and `column_step` the way from one output to the next.
typedef struct {
  size_t rows, columns, filters;  // of the output
  size_t kernel_rows, run, run_step, row_step, column_step;
  rk_activation activation;  // of the outputs, no softmax
  float alpha;
} rk_convolution;

// A convolution of an image that already has its padding, in groups: the filters of a group see its channels alone. In
// floats: `row_gap` and `column_gap` are the way from one tap of the window to the next, `row_step` and `column_step`
// that from one output to the next.
typedef struct {
  size_t rows, columns, groups, filters;  // of the output; filters of a group
  size_t channels;                        // of a group, of the image
  size_t kernel_rows, kernel_columns, row_gap, column_gap, row_step, column_step;
  rk_activation activation;  // of the outputs, no softmax
  float alpha;
} rk_grouped_convolution;

// Columns of the output that `convolve_groups` computes at a time.
enum { RK_PATCHES = 48 };

// `before_*`: cells of padding before the first.
typedef struct {
  bool is_maximum;
  size_t rows, columns, channels;  // of the output
  size_t input_rows, input_columns, pool_rows, pool_columns, stride_rows, stride_columns, before_rows, before_columns;
} rk_pooling;

typedef struct {
  // y[N, P] = x[N, K] · W + bias[P]
  void (*dense)(const float *x, size_t x_stride, size_t rows, size_t inputs, const float *packed, const float *bias,
                size_t panels, float *y, size_t y_stride);
  // y[N, P] = sum over k of (x[n, k] - mu[k, c])^2: the sum of squared differences, never expanded
  void (*squared_distances)(const float *x, size_t x_stride, size_t rows, size_t inputs, const float *packed,
                            size_t panels, float *y, size_t y_stride);
  // y[N, width] = activation(y), alpha being the slope of leaky_relu and the factor of elu; y_stride is a multiple of
  // RK_PANEL and columns up to it may be overwritten
  void (*activate)(rk_activation activation, float alpha, float *y, size_t rows, size_t width, size_t y_stride);
  // y[n, c] = fma(y[n, c] - mean[c], scale[c], shift[c]) for P columns
  void (*column_affine)(float *y, size_t rows, size_t panels, size_t y_stride, const float *mean, const float *scale,
                        const float *shift);
  // y[n, c] = -(gamma[c] * y[n, c]) for P columns
  void (*negative_scale)(float *y, size_t rows, size_t panels, size_t y_stride, const float *gamma);
  // y[n, c] = what `radial` makes of the squared distance y[n, c] and gamma[c], for P columns; `power` is of
  // RK_STUDENT_T alone
  void (*radial)(rk_radial radial, float power, float *y, size_t rows, size_t panels, size_t y_stride,
                 const float *gamma);
  // y[n, c] = y[n, c] / (epsilon + the sum of a row's `width` values)
  void (*divide_by_sum)(float epsilon, float *y, size_t rows, size_t width, size_t y_stride);
  // out[n, k] = fma(in[n, k], scale, offset)
  void (*affine)(const float *in, size_t in_stride, size_t rows, size_t width, float scale, float offset, float *out,
                 size_t out_stride);
  // Register-only fused multiply-adds, for the peak that benchmarks quote; returns how many floating-point operations.
  double (*peak)(size_t iterations);
  // One image: y[rows, columns, filters] = activation(x * kernel + bias); a panel behind y, and columns * (P - filters)
  // floats where there is more than one panel, may be overwritten.
  void (*convolve)(const rk_convolution *shape, const float *x, const float *packed, const float *bias, float *y);
  // The same of one image of one channel with a column step of 1 and at most RK_WHOLE taps. Weights are
  // [filters][taps], bias [filters]; `scratch` has room for a row of the output, its columns rounded up to RK_PANEL and
  // its filters to 4; a panel behind x is read, and three cells and a panel behind y may be overwritten.
  void (*convolve_plane)(const rk_convolution *shape, const float *x, const float *weights, const float *bias,
                         float *scratch, float *y);
  // One image: y[rows, columns, channels] = mean or maximum of the window's cells that lie on the image; a vector
  // behind x is read, one behind y may be overwritten.
  void (*pool)(const rk_pooling *shape, const float *x, float *y);
  // One image, one filter a channel: y[rows, columns, channels] = activation(x * kernel + bias). Weights are [taps][P];
  // a vector behind x is read, one behind y may be overwritten. `channels`, `groups` and `filters` of the shape are not
  // read.
  void (*convolve_channels)(const rk_grouped_convolution *shape, size_t channels, const float *x, const float *weights,
                            const float *bias, float *y);
  // One image, any groups. Weights and bias of a group lie as those of `dense`, one group behind the other. `scratch`
  // has room for RK_PATCHES patches of a group and as many outputs of P filters.
  void (*convolve_groups)(const rk_grouped_convolution *shape, const float *x, const float *packed, const float *bias,
                          float *scratch, float *y);
  // y = y > threshold ? y : 0, then cut to [0, maximum] where that is no infinity, less slope * max(threshold - y, 0);
  // y_stride is a multiple of RK_PANEL.
  void (*rectify)(float slope, float threshold, float maximum, float *y, size_t rows, size_t width, size_t y_stride);
  // y[n, c] = y[n, c] < 0 ? slope[c] * y[n, c] : y[n, c] for P columns
  void (*column_slope)(float *y, size_t rows, size_t panels, size_t y_stride, const float *slope);
  // y[N, C] = mean over e of (z[n, e, c] - centers[e, c])^2; a vector behind z and centers is read.
  void (*mean_squared_distances)(const float *z, size_t z_stride, size_t rows, size_t embedding, size_t classes,
                                 const float *centers, float *y, size_t y_stride);
} rk_kernels;

// One row of cells, each of `width` values. Centred: y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, mean and
// variance those of the cell. Else y = x / sqrt(max(sum of squares, epsilon)) * gamma + beta. Sums are taken in
// Float64. In place where x is y.
void rk_normalize(const float *x, size_t cells, size_t width, bool is_centred, double epsilon, const float *gamma,
                  const float *beta, float *y);

// The kernels of an instruction set, or NULL where this processor, or this build, has none.
const rk_kernels *rk_kernels_for(rk_instruction_set set);

// target[rows + …, columns + …, channels]: an image with zeros around it. `row` is a row of the image in floats, `left`
// and `right` are floats, `top` and `bottom` rows.
void rk_pad(const float *image, size_t rows, size_t row, size_t top, size_t bottom, size_t left, size_t right,
            float *target);

// target = `rows` rows of an image from `top` on, of each the `width` floats from `left` on; its rows are `row` floats.
void rk_crop(const float *image, size_t row, size_t top, size_t rows, size_t left, size_t width, float *target);

// y[columns, rows] = the transpose of x[rows, columns]; they do not overlap.
void rk_transpose(const float *x, size_t rows, size_t columns, float *y);

#endif
