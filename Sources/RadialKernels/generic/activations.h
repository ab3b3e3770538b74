// The element-wise functions. Each keeps a NaN and has its mathematical limit at the infinities.

INLINE vec relu(vec x) { return x <= splat(0) ? splat(0) : x; }

// With e = e^−|x| nothing overflows: 1 / (1 + e) on the right, e / (1 + e) on the left.
INLINE vec sigmoid(vec x) {
  vec e = exp_(-magnitude(x));
  return (x < splat(0) ? e : splat(1)) / (splat(1) + e);
}

INLINE vec softplus(vec x) { return relu(x) + log1p_(exp_(-magnitude(x))); }

INLINE vec elu(vec x) { return x > splat(0) ? x : expm1_of_negative(x); }

INLINE vec selu(vec x) {
  const double scale = 1.0507009873554805, alpha = 1.6732632423543772;
  return x > splat(0) ? splat((float)scale) * x : splat((float)(scale * alpha)) * expm1_of_negative(x);
}

// x Φ(x): u Φ(−u) taken from x on the right, and from 0 on the left.
INLINE vec gelu(vec x) {
  vec u = at_most(magnitude(x), 14.5f);
  return with_sign_of(fma_(-u, normal_tail(u), relu(x)), x);
}

// The floor keeps −∞ · 0 out; at −200 the product is −0 already.
INLINE vec swish(vec x) {
  x = at_least(x, -200);
  return x * sigmoid(x);
}

INLINE vec scaled_tanh(vec x) { return splat(1.7159f) * tanh_(splat((float)(2.0 / 3.0)) * x); }

#define EACH(f)                                                                                    \
  for (size_t i = 0; i < count; i += LANES) store(y + i, f(load(y + i)));                          \
  return;

static void apply(radial_function f, float *y, size_t count) {
  switch (f) {
    case RADIAL_LINEAR: return;
    case RADIAL_RELU: EACH(relu)
    case RADIAL_SIGMOID: EACH(sigmoid)
    case RADIAL_SOFTPLUS: EACH(softplus)
    case RADIAL_ELU: EACH(elu)
    case RADIAL_GELU: EACH(gelu)
    case RADIAL_SELU: EACH(selu)
    case RADIAL_SWISH: EACH(swish)
    case RADIAL_TANH: EACH(tanh_)
    case RADIAL_SCALED_TANH: EACH(scaled_tanh)
    case RADIAL_EXP: EACH(exp_)
    case RADIAL_EXPM1: EACH(expm1_of_negative)
  }
}

// The largest is subtracted first, so nothing overflows. The sum runs over ascending columns, one addition at a time:
// a tree over the lanes would give each instruction set its own bits. A row whose largest is infinite has no softmax:
// it becomes NaN, as in Keras.
static void softmax(float *y, size_t rows, size_t columns, size_t stride) {
  for (size_t n = 0; n < rows; n++, y += stride) {
    float largest = y[0], sum = 0;
    for (size_t c = 1; c < columns; c++) largest = y[c] > largest ? y[c] : largest;
    for (size_t c = 0; c < stride; c += LANES) store(y + c, exp_(load(y + c) - splat(largest)));
    for (size_t c = 0; c < columns; c++) sum += y[c];
    for (size_t c = 0; c < stride; c += LANES) store(y + c, load(y + c) / splat(sum));
  }
}

// A scale of zero means zero, also times an infinite distance.
INLINE vec scaled_distance(vec scale, vec distance) {
  ivec undefined = (scale == splat(0)) & (distance == splat(__builtin_inff()));
  return undefined ? splat(0) : scale * distance;
}

static void gaussian(const float *scale, float *y, size_t rows, size_t stride) {
  for (size_t n = 0; n < rows; n++, y += stride)
    for (size_t c = 0; c < stride; c += LANES)
      store(y + c, exp_(-scaled_distance(load(scale + c), load(y + c))));
}

static void negative(const float *scale, float *y, size_t rows, size_t stride) {
  for (size_t n = 0; n < rows; n++, y += stride)
    for (size_t c = 0; c < stride; c += LANES) store(y + c, -scaled_distance(load(scale + c), load(y + c)));
}

static void affine(const float *factor, const float *offset, float *y, size_t rows, size_t stride) {
  for (size_t n = 0; n < rows; n++, y += stride)
    for (size_t c = 0; c < stride; c += LANES) store(y + c, fma_(load(y + c), load(factor + c), load(offset + c)));
}

static void rescale(const float *x, float factor, float offset, float *y, size_t count) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    store_anywhere(y + i, fma_(load_anywhere(x + i), splat(factor), splat(offset)));
  for (; i < count; i++) y[i] = __builtin_fmaf(x[i], factor, offset);
}
