// The two matrix kernels, as outer-product tiles: R rows × V vectors of columns whose sums stay in registers while k
// runs over all inputs. Shapes: x [N, D], panels of w [D, columns], y [N, H].
//
// Each element's sum is one chain over ascending k, whatever tile it falls into, so its bits depend on neither R nor V.

enum { max_rows = 16, max_vectors = 16 };

typedef enum { dense_sum, distance_sum } sum_kind;

/// `groups` neighbouring panels of `panel_vectors` vectors each, `panel_size` floats apart.
INLINE void tile(
  const sum_kind kind, const int rows, const int panel_vectors, const int groups, const float *x, size_t x_stride,
  const float *w, size_t panel_size, const float *start, size_t inputs, float *y, size_t y_stride) {
  const int vectors = panel_vectors * groups;
  vec sum[max_rows][max_vectors];
  UNROLL for (int r = 0; r < rows; r++)
    UNROLL for (int v = 0; v < vectors; v++) sum[r][v] = start ? load(start + v * LANES) : splat(0);
  for (size_t k = 0; k < inputs; k++) {
    vec b[max_vectors];
    UNROLL for (int g = 0; g < groups; g++)
      UNROLL for (int v = 0; v < panel_vectors; v++)
        b[g * panel_vectors + v] = load(w + g * panel_size + (k * panel_vectors + v) * LANES);
    UNROLL for (int r = 0; r < rows; r++) {
      vec a = splat(x[r * x_stride + k]);
      UNROLL for (int v = 0; v < vectors; v++) {
        if (kind == dense_sum) {
          sum[r][v] = fma_(a, b[v], sum[r][v]);
        } else {
          vec difference = a - b[v];
          sum[r][v] = fma_(difference, difference, sum[r][v]);
        }
      }
    }
  }
  UNROLL for (int r = 0; r < rows; r++)
    UNROLL for (int v = 0; v < vectors; v++) store(y + r * y_stride + v * LANES, sum[r][v]);
}

// As many tiles of this height as there are rows for.
#define ROWS(R, V)                                                                                 \
  for (; n + R <= rows; n += R) TILE(R, V)
// As many tiles of six rows as leave no lonely rest: seven and eight rows go as 4 + 3 and 4 + 4.
#define SIXES(V)                                                                                   \
  for (; rows - n >= 9 || rows - n == 6; n += 6) TILE(6, V)
#define TILE(R, V)                                                                                 \
  tile(kind, R, V, 1, x + n * x_stride, x_stride, w, 0, start, inputs, y + n * y_stride, y_stride);

/// All rows of one panel of `vectors` vectors; the tallest tile fills the register file.
INLINE void panel(
  const sum_kind kind, size_t vectors, const float *x, size_t x_stride, size_t rows, const float *w,
  const float *start, size_t inputs, float *y, size_t y_stride) {
  size_t n = 0;
  switch (vectors) {
#if REGISTERS == 32
    case 4: SIXES(4) ROWS(5, 4) ROWS(4, 4) ROWS(3, 4) ROWS(2, 4) ROWS(1, 4) break;
    case 3: ROWS(8, 3) ROWS(4, 3) ROWS(2, 3) ROWS(1, 3) break;
    case 2: ROWS(12, 2) ROWS(6, 2) ROWS(4, 2) ROWS(2, 2) ROWS(1, 2) break;
    case 1: ROWS(16, 1) ROWS(8, 1) ROWS(4, 1) ROWS(2, 1) ROWS(1, 1) break;
#else
    case 2: SIXES(2) ROWS(5, 2) ROWS(4, 2) ROWS(3, 2) ROWS(2, 2) ROWS(1, 2) break;
    case 1: ROWS(12, 1) ROWS(6, 1) ROWS(4, 1) ROWS(2, 1) ROWS(1, 1) break;
#endif
    default: __builtin_unreachable();
  }
}

// A few rows have too few sums in one panel to hide the latency of an fma, so they take several panels at once.
#define PANELS_AT_ONCE(R, G)                                                                       \
  if (rows == R)                                                                                   \
    for (; column + G * PANEL_COLUMNS <= weights->columns; column += G * PANEL_COLUMNS)            \
      tile(kind, R, PANEL_VECTORS, G, x, x_stride, weights->panels + column * inputs,              \
           PANEL_COLUMNS * inputs, start ? start + column : 0, inputs, y + column, y_stride);

INLINE void all_panels(
  const sum_kind kind, const radial_weights *weights, const float *x, size_t x_stride, size_t rows, float *y,
  size_t y_stride) {
  const size_t inputs = weights->inputs;
  const float *start = weights->start;
  size_t column = 0;
  PANELS_AT_ONCE(1, 4)
  PANELS_AT_ONCE(1, 2)
  PANELS_AT_ONCE(2, 2)
  while (column < weights->columns) {
    size_t left = (weights->columns - column + LANES - 1) / LANES;
    size_t vectors = left < PANEL_VECTORS ? left : PANEL_VECTORS;
    panel(kind, vectors, x, x_stride, rows, weights->panels + column * inputs, start ? start + column : 0, inputs,
          y + column, y_stride);
    column += vectors * LANES;
  }
}

static void dense(
  const radial_weights *w, const float *x, size_t x_stride, size_t rows, float *y, size_t y_stride) {
  all_panels(dense_sum, w, x, x_stride, rows, y, y_stride);
}

static void distances(
  const radial_weights *w, const float *x, size_t x_stride, size_t rows, float *y, size_t y_stride) {
  all_panels(distance_sum, w, x, x_stride, rows, y, y_stride);
}
