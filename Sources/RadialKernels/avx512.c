#if defined(__x86_64__)
#pragma clang attribute push( \
  __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma"))), apply_to = function)
#define LANES 16
#define REGISTERS 32
#define TABLE radial_avx512
#include "generic/table.h"
#pragma clang attribute pop
#endif
