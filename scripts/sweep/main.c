// exp and tanh at all 2³² floats, against the C library in double precision. Prints the largest error in units in the
// last place of the true result, and every kind of wrong special value; fails above the limit.

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "RadialKernels.h"

static const double limit = 1.5;

/// The distance between neighbouring floats at the true value; that of the denormals at the least.
static double ulp(double y) {
  int exponent;
  frexp(y, &exponent);
  return ldexp(1, (exponent < -125 ? -125 : exponent) - 24);
}

static int sweep(const radial_kernels *kernels, const char *name, radial_function function, double (*truth)(double)) {
  enum { count = 1 << 16 };
  static _Alignas(64) float x[count], y[count];
  double worst = 0;
  float worst_at = 0;
  uint64_t wrong = 0, exact = 0, finite = 0;
  for (uint64_t first = 0; first < UINT64_C(1) << 32; first += count) {
    for (uint32_t i = 0; i < count; i++) {
      uint32_t bits = (uint32_t)first + i;
      memcpy(&x[i], &bits, sizeof bits);
    }
    memcpy(y, x, sizeof x);
    kernels->apply(function, y, count);
    for (uint32_t i = 0; i < count; i++) {
      double expected = truth(x[i]);
      float rounded = (float)expected;
      if (isnan(x[i])) {
        wrong += !isnan(y[i]);
      } else if (isinf(rounded) || isinf(y[i])) {
        // Where the truth rounds to infinity, and nowhere else, within the limit of the largest float.
        int is_close = fabs(expected) > 0x1.fffffep127 - limit * 0x1p104;
        wrong += !(y[i] == rounded || is_close);
      } else {
        wrong += rounded == y[i] && signbit(rounded) != signbit(y[i]);
        exact += rounded == y[i];
        finite++;
        double error = fabs(y[i] - expected) / ulp(expected);
        if (error > worst) {
          worst = error;
          worst_at = x[i];
        }
      }
    }
  }
  printf("%-6s at most %.4f ulp, at %a (%.9g); correctly rounded where finite %.2f %%; wrong special values %llu\n", name, worst,
         worst_at, worst_at, 100 * (double)exact / (double)finite, (unsigned long long)wrong);
  fflush(stdout);
  return wrong != 0 || worst > limit;
}

int main(void) {
  for (radial_instruction_set set = RADIAL_AVX512; set <= RADIAL_PORTABLE; set++) {
    const radial_kernels *kernels = radial_kernels_for(set);
    if (!kernels) continue;
    // The first is the best; the tests show that the others give the same bits.
    printf("%zu lanes\n", kernels->lanes);
    int failures = sweep(kernels, "exp", RADIAL_EXP, exp);
    failures += sweep(kernels, "tanh", RADIAL_TANH, tanh);
    return failures;
  }
}
