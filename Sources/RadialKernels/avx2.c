#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define LANES 8
#define REGISTERS 16
#define TABLE radial_avx2
#include "generic/table.h"
#pragma clang attribute pop
#endif
