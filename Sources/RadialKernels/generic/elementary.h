// exp, expm1, tanh and their kin, for every float: zeros of both signs, denormals, infinities and NaN. Polynomials are
// fits at Chebyshev nodes, the coefficients rounded to float, evaluated by Horner's rule. scripts/sweep.sh measures exp
// and tanh at all 2³² arguments.

// A float in 1.5·2²³ ± 2²² has its unit in the last place at 1, so adding this rounds to the nearest integer and leaves
// that integer in the low bits.
static const float integer_magic = 0x1.8p23f;
static const float log2_e = 0x1.715476p0f;
// ln 2 = high + low, each a float. n·high is exact within an fma, so the reduced argument has one rounding.
static const float ln2_high = 0x1.62e43p-1f;
static const float ln2_low = -0x1.05c61p-29f;

/// x = n·ln 2 + r with |r| ≤ ln 2 / 2; `expm1_r` is e^r − 1.
typedef struct {
  uvec n;
  vec expm1_r;
} reduced;

INLINE reduced reduce(vec x) {
  vec shifted = fma_(x, splat(log2_e), splat(integer_magic));
  vec n = shifted - splat(integer_magic);
  vec r = fma_(n, splat(-ln2_high), x);
  r = fma_(n, splat(-ln2_low), r);
  // (e^r − 1 − r) / r²
  vec q = splat(0x1.a15318p-13f);
  q = fma_(q, r, splat(0x1.6d44b6p-10f));
  q = fma_(q, r, splat(0x1.1110c6p-7f));
  q = fma_(q, r, splat(0x1.5554e8p-5f));
  q = fma_(q, r, splat(0x1.555556p-3f));
  q = fma_(q, r, splat(0.5f));
  return (reduced){(uvec)shifted - (uvec)splat(integer_magic), fma_(r * r, q, r)};
}

/// 2^n for −126 ≤ n ≤ 127.
INLINE vec power_of_two(uvec n) { return (vec)((n + (uvec)127) << (uvec)23); }

INLINE vec exp_(vec x) {
  // Beyond these, e^x is already infinity or rounds to zero.
  x = at_least(at_most(x, 89), -104);
  reduced e = reduce(x);
  // 2^n in two factors: n reaches from −150 to 128. The first product is exact, the second rounds once, also into
  // the denormals.
  uvec half = (uvec)((ivec)e.n >> (ivec)1);
  return (splat(1) + e.expm1_r) * power_of_two(half) * power_of_two(e.n - half);
}

/// e^x − 1 for x ≤ 0.
INLINE vec expm1_of_negative(vec x) {
  reduced e = reduce(at_least(x, -20));
  vec scale = power_of_two(e.n);
  return with_sign_of(fma_(e.expm1_r, scale, scale - splat(1)), x);
}

INLINE vec tanh_(vec x) {
  vec a = magnitude(x);
  // |x| < 0.6: x + x³ P(x²). Beyond, it is not used and may be anything.
  vec square = x * x;
  vec p = splat(0x1.35e1e2p-9f);
  p = fma_(p, square, splat(-0x1.136a1cp-7f));
  p = fma_(p, square, splat(0x1.64f534p-6f));
  p = fma_(p, square, splat(-0x1.ba0d48p-5f));
  p = fma_(p, square, splat(0x1.1110f4p-3f));
  p = fma_(p, square, splat(-0x1.555556p-2f));
  vec near = fma_(x * square, p, x);
  // Otherwise 1 − 2 / (e^2|x| + 1); beyond 10 that is 1. Here 2^n is one factor, n ≤ 29.
  a = at_most(a, 10);
  reduced e = reduce(a + a);
  vec scale = power_of_two(e.n);
  vec exponential = fma_(e.expm1_r, scale, scale);
  vec far = splat(1) - splat(2) / (exponential + splat(1));
  return with_sign_of(a < splat(0.6f) ? near : far, x);
}

/// ln(1 + y) for 0 ≤ y ≤ 1: 2 atanh(z / 2) with z = 2y / (2 + y).
INLINE vec log1p_(vec y) {
  vec z = (y + y) / (splat(2) + y);
  vec square = z * z * splat(0.25f);
  vec p = splat(0x1.ab5b9cp-4f);
  p = fma_(p, square, splat(0x1.6542cep-4f));
  p = fma_(p, square, splat(0x1.c804aap-4f));
  p = fma_(p, square, splat(0x1.248f2cp-3f));
  p = fma_(p, square, splat(0x1.9999a2p-3f));
  p = fma_(p, square, splat(0x1.555556p-2f));
  return fma_(z * square, p, z);
}

/// Φ(−u), the normal distribution's tail, for 0 ≤ u ≤ 14.5: e^(−u²/2) · t · P(t) with t = 1 / (1 + u/4). It is
/// erfc(u/√2) / 2, without the cancellation of 1 + erf.
INLINE vec normal_tail(vec u) {
  vec t = splat(1) / fma_(splat(0.25f), u, splat(1));
  vec p = splat(0x1.04a0e2p-6f);
  p = fma_(p, t, splat(-0x1.e660ep-5f));
  p = fma_(p, t, splat(0x1.6a3d7p-5f));
  p = fma_(p, t, splat(0x1.32b698p-5f));
  p = fma_(p, t, splat(0x1.8da24ep-8f));
  p = fma_(p, t, splat(0x1.6f7cc2p-4f));
  p = fma_(p, t, splat(0x1.235d3cp-4f));
  p = fma_(p, t, splat(0x1.87ce9cp-4f));
  p = fma_(p, t, splat(0x1.9779f4p-4f));
  p = fma_(p, t, splat(0x1.989184p-4f));
  // u² = square + rest exactly: u²/2 reaches 105, where half an ulp of it would be 4e-6 of the result.
  vec square = u * u;
  vec rest = fma_(u, u, -square);
  vec e = exp_(square * splat(-0.5f));
  e = fma_(e, rest * splat(-0.5f), e);
  return e * (t * p);
}
