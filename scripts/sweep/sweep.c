// The largest error of exp and tanh, in units in the last place, over all 2^32 floats, against the C library in double
// precision.
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "RadialKernels.h"

enum { BLOCK = 4096, THREADS = 2 };

typedef struct {
  int part;
  rk_activation activation;
  double worst;
  float worst_at;
  long wrong_special;
} task;

static float from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static void *sweep(void *argument) {
  task *t = argument;
  const rk_kernels *kernels = 0;
  for (int set = RK_AVX512; !kernels; set++) kernels = rk_kernels_for(set);
  _Alignas(64) float y[BLOCK];
  for (uint64_t start = (uint64_t)t->part * BLOCK; start < (1ull << 32); start += THREADS * BLOCK) {
    for (int i = 0; i < BLOCK; i++) y[i] = from_bits((uint32_t)(start + i));
    kernels->activate(t->activation, 1, y, 1, BLOCK, BLOCK);
    for (int i = 0; i < BLOCK; i++) {
      float x = from_bits((uint32_t)(start + i));
      if (x != x) {
        t->wrong_special += y[i] == y[i];
        continue;
      }
      double exact = t->activation == RK_EXP ? exp(x) : tanh(x);
      float nearest = (float)exact;
      if (isinf(nearest) || nearest == 0 || isinf(x)) {
        t->wrong_special += y[i] != nearest && !(nearest == 0 && fabsf(y[i]) <= 0x1p-149f);
        continue;
      }
      int exponent;
      frexp(exact, &exponent);
      double ulp = ldexp(1, exponent - 24 < -149 ? -149 : exponent - 24);
      double error = fabs((double)y[i] - exact) / ulp;
      if (!(error <= t->worst)) {
        t->worst = error;
        t->worst_at = x;
      }
    }
  }
  return 0;
}

int main(void) {
  const rk_activation activations[] = {RK_EXP, RK_TANH};
  const char *names[] = {"exp", "tanh"};
  for (int a = 0; a < 2; a++) {
    pthread_t threads[THREADS];
    task tasks[THREADS];
    for (int i = 0; i < THREADS; i++) {
      tasks[i] = (task){.part = i, .activation = activations[a]};
      pthread_create(&threads[i], 0, sweep, &tasks[i]);
    }
    task all = {0};
    for (int i = 0; i < THREADS; i++) {
      pthread_join(threads[i], 0);
      all.wrong_special += tasks[i].wrong_special;
      if (tasks[i].worst > all.worst) all.worst = tasks[i].worst, all.worst_at = tasks[i].worst_at;
    }
    printf("%s: largest error %.3f ulp, at %a; NaN, infinities and zeros wrong: %ld\n", names[a], all.worst,
           (double)all.worst_at, all.wrong_special);
  }
}
