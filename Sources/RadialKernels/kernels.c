#include "RadialKernels.h"

#include <string.h>

extern const radial_kernels radial_avx512, radial_avx2, radial_neon, radial_portable;

const radial_kernels *radial_kernels_for(radial_instruction_set set) {
  switch (set) {
#if defined(__x86_64__)
    // These also ask whether the operating system saves the wide registers.
    case RADIAL_AVX512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
          && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
          && __builtin_cpu_supports("fma")
        ? &radial_avx512
        : NULL;
    case RADIAL_AVX2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &radial_avx2 : NULL;
#endif
#if defined(__aarch64__)
    case RADIAL_NEON: return &radial_neon;
#endif
    case RADIAL_PORTABLE: return &radial_portable;
    default: return NULL;
  }
}

static size_t padded(size_t columns, size_t lanes) { return (columns + lanes - 1) / lanes * lanes; }

size_t radial_packed_count(const radial_kernels *kernels, size_t inputs, size_t columns) {
  return inputs * padded(columns, kernels->lanes);
}

void radial_pack(
  const radial_kernels *kernels, const float *matrix, size_t inputs, size_t columns, float *panels) {
  for (size_t first = 0; first < columns; first += kernels->panel_columns) {
    size_t left = columns - first;
    size_t used = left < kernels->panel_columns ? left : kernels->panel_columns;
    size_t width = padded(used, kernels->lanes);
    for (size_t k = 0; k < inputs; k++, panels += width) {
      memcpy(panels, matrix + k * columns + first, used * sizeof(float));
      memset(panels + used, 0, (width - used) * sizeof(float));
    }
  }
}
