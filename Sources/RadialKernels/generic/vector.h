// One vector of LANES floats, in terms of clang's portable vector extensions.

#include <stddef.h>
#include <stdint.h>

#include "RadialKernels.h"

// Every rounding is written out: a fused operation where it says so, and nowhere else.
#pragma STDC FP_CONTRACT OFF

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

typedef float vec __attribute__((ext_vector_type(LANES)));
typedef int32_t ivec __attribute__((ext_vector_type(LANES)));
typedef uint32_t uvec __attribute__((ext_vector_type(LANES)));
typedef float vec_aligned __attribute__((ext_vector_type(LANES), may_alias, aligned(4 * LANES)));
typedef float vec_anywhere __attribute__((ext_vector_type(LANES), may_alias, aligned(4)));

INLINE vec load(const float *p) { return *(const vec_aligned *)p; }
INLINE void store(float *p, vec v) { *(vec_aligned *)p = v; }
INLINE vec load_anywhere(const float *p) { return *(const vec_anywhere *)p; }
INLINE void store_anywhere(float *p, vec v) { *(vec_anywhere *)p = v; }

INLINE vec splat(float x) { return (vec)x; }
INLINE vec fma_(vec a, vec b, vec c) { return __builtin_elementwise_fma(a, b, c); }
INLINE vec magnitude(vec x) { return __builtin_elementwise_abs(x); }
INLINE vec with_sign_of(vec x, vec sign) { return __builtin_elementwise_copysign(x, sign); }

// Comparisons with a NaN are false, so both keep a NaN in x.
INLINE vec at_most(vec x, float limit) { return x > splat(limit) ? splat(limit) : x; }
INLINE vec at_least(vec x, float limit) { return x < splat(limit) ? splat(limit) : x; }
