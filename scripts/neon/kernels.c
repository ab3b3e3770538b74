// Every kernel on shapes of real networks and on their edges, every function on a sweep of all floats: one line a case
// with a hash of the results' bits. All NaN count as one. kernels SET: avx512, avx2, neon or portable; scripts/neon.sh
// compares what sets print.
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "RadialKernels.h"

static const rk_kernels *kernels;
static uint64_t state = 1;

static uint64_t next_random(void) {
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

static float *floats(size_t count, float bound) {
  float *values = aligned_alloc(64, (count + 127) / 64 * 64 * sizeof(float));
  if (!values) abort();
  for (size_t i = 0; i < count + 64; i++) values[i] = bound * (float)((double)(next_random() >> 11) * 0x1p-52 - 1);
  return values;
}

static const uint32_t edges[] = {0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 1, 0x80000001, 0x7f7fffff, 0x007fffff};

// Exponents from -70 to 70, so that sums lose digits, overflow and underflow, and now and then a zero or an edge.
static float *extremes(size_t count) {
  float *values = floats(count, 2);
  for (size_t i = 0; i < count; i++) {
    const uint64_t random = next_random();
    values[i] = ldexpf(values[i], (int)(random % 141) - 70);
    if (random >> 32 & 1) continue;
    if ((random >> 33) % 16 == 0) values[i] = 0;
    if ((random >> 37) % 512 == 0) memcpy(values + i, edges + (random >> 46) % 8, sizeof *edges);
  }
  return values;
}

// FNV-1a over the columns that a case defines.
static void report(const char *name, const float *y, size_t rows, size_t width, size_t stride) {
  uint64_t hash = 0xcbf29ce484222325;
  for (size_t n = 0; n < rows; n++)
    for (size_t c = 0; c < width; c++) {
      uint32_t bits = 0x7fc00000;
      if (!isnan(y[n * stride + c])) memcpy(&bits, y + n * stride + c, sizeof bits);
      for (int byte = 0; byte < 4; byte++) hash = (hash ^ (bits >> 8 * byte & 0xff)) * 0x100000001b3;
    }
  printf("%s %zu %016llx\n", name, rows * width, (unsigned long long)hash);
}

static size_t panels_of(size_t width) { return (width + RK_PANEL - 1) / RK_PANEL; }

static const char *suffix(bool is_extreme) { return is_extreme ? "-extreme" : ""; }

// Numbers as networks have them, or those.
static float *numbers_for(bool is_extreme, size_t count, float bound) {
  return is_extreme ? extremes(count) : floats(count, bound);
}

static void matrices(bool is_extreme) {
  static const size_t shapes[][2] = {{784, 256}, {256, 84},  {84, 10},   {400, 120}, {120, 84}, {2, 1},
                                     {17, 33},   {1024, 16}, {1025, 40}, {1600, 20}, {3, 145}};
  static const size_t rows[] = {1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 16, 17, 33};
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
      const size_t n = rows[r], k = shapes[s][0], units = shapes[s][1], panels = panels_of(units);
      const size_t stride = rk_row_stride(units), x_stride = rk_row_stride(k);
      float *x = numbers_for(is_extreme, n * x_stride, 2), *w = floats(panels * rk_panel_step(k), 1),
            *bias = floats(panels * RK_PANEL, 1);
      float *y = floats(n * stride, 0);
      char name[64];
      kernels->dense(x, x_stride, n, k, w, bias, panels, y, stride);
      snprintf(name, sizeof name, "dense-%zux%zux%zu%s", n, k, units, suffix(is_extreme));
      report(name, y, n, units, stride);
      kernels->squared_distances(x, x_stride, n, k, w, panels, y, stride);
      snprintf(name, sizeof name, "distances-%zux%zux%zu%s", n, k, units, suffix(is_extreme));
      report(name, y, n, units, stride);
      free(x), free(w), free(bias), free(y);
    }
}

// Every 4,099th float: of each sign, exponent and kind, NaN and infinities included, and the edges themselves.
static size_t sweep(float **values) {
  const size_t count = ((size_t)1 << 32) / 4099 / RK_PANEL * RK_PANEL;
  *values = floats(count, 0);
  for (size_t i = 0; i < count; i++) {
    const uint32_t bits = (uint32_t)(i * 4099);
    memcpy(*values + i, &bits, sizeof bits);
  }
  memcpy(*values, edges, sizeof edges);
  return count;
}

static void functions(void) {
  float *all, *one = floats(RK_PANEL, 0);
  const size_t count = sweep(&all), bytes = count * sizeof(float);
  float *y = floats(count, 0), *numbers = floats(count, 3), *more = floats(count, 3);
  char name[64];
  for (int activation = RK_LINEAR; activation <= RK_SOFTSIGN; activation++) {
    if (activation == RK_SOFTMAX) continue;
    memcpy(y, all, bytes);
    kernels->activate((rk_activation)activation, 0.3f, y, 1, count, count);
    snprintf(name, sizeof name, "activation-%d", activation);
    report(name, y, 1, count, count);
  }
  for (size_t width = 1; width < 40; width++) {
    memcpy(y, numbers, 48 * 16 * sizeof(float));
    kernels->activate(RK_SOFTMAX, 1, y, 16, width, 48);
    snprintf(name, sizeof name, "softmax-%zu", width);
    report(name, y, 16, width, 48);
    kernels->divide_by_sum(1e-3f, y, 16, width, 48);
    snprintf(name, sizeof name, "divide-by-sum-%zu", width);
    report(name, y, 16, width, 48);
  }
  for (int radial = RK_ROOT; radial <= RK_SCALED; radial++)
    for (int g = 0; g < 3; g++) {
      for (size_t c = 0; c < RK_PANEL; c++) one[c] = (const float[]){0.01f, 1, 37.5f}[g];
      memcpy(y, all, bytes);
      // A panel a row, so that each has the same gamma.
      kernels->radial((rk_radial)radial, 1.5f, y, count / RK_PANEL, 1, RK_PANEL, one);
      snprintf(name, sizeof name, "radial-%d-%d", radial, g);
      report(name, y, 1, count, count);
    }
  memcpy(y, all, bytes);
  kernels->column_affine(y, 1, count / RK_PANEL, count, numbers, more, numbers);
  report("column-affine", y, 1, count, count);
  memcpy(y, all, bytes);
  kernels->negative_scale(y, 1, count / RK_PANEL, count, numbers);
  report("negative-scale", y, 1, count, count);
  memcpy(y, all, bytes);
  kernels->column_slope(y, 1, count / RK_PANEL, count, numbers);
  report("column-slope", y, 1, count, count);
  kernels->affine(all, count, 1, count - 5, 0.37f, -1.25f, y, count);
  report("affine", y, 1, count - 5, count);
  for (int cut = 0; cut < 2; cut++) {
    memcpy(y, all, bytes);
    kernels->rectify(cut ? 0.2f : 0, cut ? 0.5f : 0, cut ? 6 : INFINITY, y, 1, count, count);
    report(cut ? "rectify-cut" : "rectify", y, 1, count, count);
  }
  free(all), free(y), free(numbers), free(more), free(one);
}

static void images(bool is_extreme) {
  // Rows and columns of the output, channels, filters, side of the window, stride.
  static const size_t shapes[][6] = {
      {28, 28, 1, 6, 5, 1}, {10, 10, 6, 16, 5, 1}, {28, 28, 1, 16, 3, 1}, {14, 14, 16, 32, 3, 1}, {7, 7, 32, 64, 3, 1},
      {5, 3, 3, 5, 2, 2},   {4, 9, 1, 7, 3, 1},    {8, 8, 19, 33, 1, 1},  {3, 5, 50, 17, 5, 1},   {1, 33, 1, 3, 1, 1}};
  char name[64];
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    const size_t *h = shapes[s], rows = h[0], columns = h[1], channels = h[2], filters = h[3], side = h[4], step = h[5];
    const size_t row = ((columns - 1) * step + side) * channels, taps = side * side * channels,
                 panels = panels_of(filters);
    const size_t cells = rows * columns, image = row * ((rows - 1) * step + side);
    float *x = numbers_for(is_extreme, image, 2), *w = floats(panels * rk_panel_step(taps), 1),
          *bias = floats(panels * RK_PANEL, 1);
    float *y = floats(cells * (filters + channels + RK_PANEL) + 4 * filters, 0),
          *scratch = floats(RK_PATCHES * (taps + 64 + panels * RK_PANEL), 0);
    for (int activation = RK_LINEAR; activation <= RK_RELU; activation++) {
      const rk_convolution shape = {
          rows, columns, filters, side, side * channels, row, step * row, step * channels, (rk_activation)activation,
          1};
      kernels->convolve(&shape, x, w, bias, y);
      snprintf(name, sizeof name, "convolve-%zu-%d%s", s, activation, suffix(is_extreme));
      report(name, y, 1, cells * filters, 0);
      if (channels == 1 && step == 1) {
        kernels->convolve_plane(&shape, x, w, bias, scratch, y);
        snprintf(name, sizeof name, "plane-%zu-%d%s", s, activation, suffix(is_extreme));
        report(name, y, 1, cells * filters, 0);
      }
      const rk_grouped_convolution grouped = {
          rows, columns, 1,        filters,    channels,        side,
          side, row,     channels, step * row, step * channels, (rk_activation)activation,
          1};
      kernels->convolve_groups(&grouped, x, w, bias, scratch, y);
      snprintf(name, sizeof name, "groups-%zu-%d%s", s, activation, suffix(is_extreme));
      report(name, y, 1, cells * filters, 0);
    }
    for (size_t depth = channels; depth <= channels; depth++) {
      const rk_grouped_convolution own = {rows,       columns,         1,       1, 1, side, side, row, channels,
                                          step * row, step * channels, RK_TANH, 1};
      float *weights = floats(side * side * panels_of(channels) * RK_PANEL, 1),
            *shift = floats(panels_of(channels) * RK_PANEL, 1);
      kernels->convolve_channels(&own, channels, x, weights, shift, y);
      snprintf(name, sizeof name, "channels-%zu%s", s, suffix(is_extreme));
      report(name, y, 1, cells * channels, 0);
      free(weights), free(shift);
    }
    for (int is_maximum = 0; is_maximum < 2; is_maximum++)
      for (size_t before = 0; before < 2 && before < side; before++) {
        const rk_pooling pooling = {is_maximum,
                                    rows,
                                    columns,
                                    channels,
                                    (rows - 1) * step + side - before,
                                    (columns - 1) * step + side - before,
                                    side,
                                    side,
                                    step,
                                    step,
                                    before,
                                    before};
        kernels->pool(&pooling, x, y);
        snprintf(name, sizeof name, "pool-%zu-%d-%zu%s", s, is_maximum, before, suffix(is_extreme));
        report(name, y, 1, cells * channels, 0);
      }
    free(x), free(w), free(bias), free(y), free(scratch);
  }
}

// Poolings over more cells than a block, mean distances and normalisations.
static void rows_of_cells(bool is_extreme) {
  char name[64];
  const rk_pooling wide = {false, 1, 2, 5, 40, 50, 40, 49, 1, 1, 0, 0};
  float *x = numbers_for(is_extreme, 40 * 50 * 5, 2), *y = floats(64, 0);
  kernels->pool(&wide, x, y);
  snprintf(name, sizeof name, "pool-wide%s", suffix(is_extreme));
  report(name, y, 1, 10, 0);
  for (size_t embedding = 1; embedding < 1300; embedding += 433) {
    float *z = numbers_for(is_extreme, 3 * embedding * 7, 2), *centers = floats(embedding * 7, 2);
    kernels->mean_squared_distances(z, embedding * 7, 3, embedding, 7, centers, y, 16);
    snprintf(name, sizeof name, "mean-distances-%zu%s", embedding, suffix(is_extreme));
    report(name, y, 3, 7, 16);
    free(z), free(centers);
  }
  static const size_t widths[] = {1, 2, 3, 15, 16, 17, 84, 1024};
  for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
    for (int is_centred = 0; is_centred < 2; is_centred++) {
      const size_t width = widths[i], cells = 5;
      float *cell = numbers_for(is_extreme, cells * width, 3), *gamma = floats(width, 2), *beta = floats(width, 1),
            *normal = floats(cells * width, 0);
      rk_normalize(cell, cells, width, is_centred, 1e-3, gamma, beta, normal);
      snprintf(name, sizeof name, "normalize-%zu-%d%s", width, is_centred, suffix(is_extreme));
      report(name, normal, cells, width, width);
      free(cell), free(gamma), free(beta), free(normal);
    }
  free(x), free(y);
}

int main(int count, char **arguments) {
  static const char *const names[] = {"avx512", "avx2", "neon", "portable"};
  for (int set = RK_AVX512; count == 2 && set <= RK_PORTABLE; set++)
    if (strcmp(arguments[1], names[set]) == 0) kernels = rk_kernels_for((rk_instruction_set)set);
  if (!kernels) return fprintf(stderr, "kernels: expected an instruction set that this processor has\n"), 2;
  functions();
  for (int is_extreme = 0; is_extreme < 2; is_extreme++) {
    matrices(is_extreme);
    images(is_extreme);
    rows_of_cells(is_extreme);
  }
}
