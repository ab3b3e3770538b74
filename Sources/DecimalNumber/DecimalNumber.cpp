#include "DecimalNumber.h"

#include <charconv>
#include <cmath>

const char *read_any_number(const char *text, float *out) {
  const char *p = text;
  bool is_negative = *p == '-';
  if (is_negative) p++;
  auto digit = [&] { return static_cast<unsigned>(*p - '0'); };
  if (digit() > 9) return nullptr;
  // Wraps after 19 digits; then it is not used.
  uint64_t significand = 0;
  // Counted from the first that is not zero.
  int64_t digits = 0;
  if (*p == '0') {
    p++;
    if (digit() <= 9) return nullptr;
  } else {
    const char *start = p;
    while (digit() <= 9) significand = significand * 10 + digit(), p++;
    digits = p - start;
  }
  int64_t exponent = 0;
  if (*p == '.') {
    p++;
    const char *fraction = p;
    if (digits == 0)
      while (*p == '0') p++;
    const char *start = p;
    while (digit() <= 9) significand = significand * 10 + digit(), p++;
    if (p == fraction) return nullptr;
    exponent = fraction - p;
    digits += p - start;
  }
  if (*p == 'e' || *p == 'E') {
    p++;
    bool is_small = *p == '-';
    if (*p == '-' || *p == '+') p++;
    if (digit() > 9) return nullptr;
    int64_t value = 0;
    while (digit() <= 9) value = value < 100000 ? value * 10 + digit() : value, p++;
    exponent += is_small ? -value : value;
  }
  static const double scales[] = {1e-22, 1e-21, 1e-20, 1e-19, 1e-18, 1e-17, 1e-16, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11,
                                  1e-10, 1e-9,  1e-8,  1e-7,  1e-6,  1e-5,  1e-4,  1e-3,  1e-2,  1e-1,  1e0,   1e1,
                                  1e2,   1e3,   1e4,   1e5,   1e6,   1e7,   1e8,   1e9,   1e10,  1e11,  1e12,  1e13,
                                  1e14,  1e15,  1e16,  1e17,  1e18,  1e19,  1e20,  1e21,  1e22};
  // A Float64 product, off by less than two units in its last place, and narrowed: right unless it lies that close to
  // the middle between two Float32 (or below 2^-126, where those are further apart). A product and not a quotient, for
  // its latency.
  if (digits <= 19 && significand < (uint64_t{1} << 53) && exponent >= -22 && exponent <= 22) {
    double wide = static_cast<double>(significand) * scales[exponent + 22];
    if (!number_detail::is_near_middle(wide) && (wide >= 0x1p-126 || significand == 0) && wide < 0x1p127) {
      *out = static_cast<float>(is_negative ? -wide : wide);
      return p;
    }
  }
  auto parsed = std::from_chars(text, p, *out);
  if (parsed.ec == std::errc::result_out_of_range) {
    // Too large or too small: strtof's way of saying so does not depend on the library, but the digits do say which.
    double wide = 0;
    auto again = std::from_chars(text, p, wide);
    bool is_tiny = again.ec == std::errc() ? std::fabs(wide) < 1 : exponent + digits <= 0;
    *out = is_tiny ? 0.0f : INFINITY;
    if (is_negative) *out = -*out;
  }
  return p;
}
