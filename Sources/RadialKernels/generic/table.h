// Everything for one instruction set: the file that includes this defines LANES (floats in a vector), REGISTERS (vector
// registers, 16 or 32) and TABLE (the name of the table), and sets the target for the functions.

// Panels as wide as the tallest full tile: 24 sums in 32 registers, 12 in 16.
#define PANEL_VECTORS (REGISTERS == 32 ? 4 : 2)
#define PANEL_COLUMNS ((size_t)PANEL_VECTORS * LANES)

#include "vector.h"

#include "elementary.h"

#include "activations.h"
#include "tiles.h"

static double spin(size_t rounds) {
  enum { chains = 12, steps = 8 };
  vec sum[chains];
  for (int i = 0; i < chains; i++) sum[i] = splat((float)i);
  for (size_t n = 0; n < rounds; n++)
    UNROLL for (int step = 0; step < steps; step++)
      UNROLL for (int i = 0; i < chains; i++) sum[i] = fma_(sum[i], splat(0.5f), splat(0.25f));
  vec total = splat(0);
  for (int i = 0; i < chains; i++) total += sum[i];
  volatile float sink = total[0];
  (void)sink;
  return (double)rounds * steps * chains * LANES * 2;
}

const radial_kernels TABLE = {
  .lanes = LANES,
  .panel_columns = PANEL_COLUMNS,
  .dense = dense,
  .distances = distances,
  .apply = apply,
  .softmax = softmax,
  .gaussian = gaussian,
  .negative = negative,
  .affine = affine,
  .rescale = rescale,
  .spin = spin,
};
