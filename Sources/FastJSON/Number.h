#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

// The text of a JSON number → the correctly rounded Float32.
//
// simdjson finds where values are, but its numbers are not taken: release 3.0.1 reads 0.71625462174415588378906251 as 1.6e-8
// (anything of more than 19 digits), and a Float64 narrowed to Float32 would be rounded twice.

enum class NumberResult { ok, malformed, not_finite };

/// Reads the number at `text` (RFC 8259, section 6). Whatever follows it must not be part of a number or a word; `text` must end
/// in a byte that is neither, as a body with padding does.
inline NumberResult read_number(const char *text, float *out) {
  const char *p = text;
  bool is_negative = *p == '-';
  if (is_negative) p++;
  auto digit = [&] { return static_cast<unsigned>(*p - '0'); };
  if (digit() > 9) return NumberResult::malformed;
  // Wraps after 19 digits; then it is not used.
  uint64_t significand = 0;
  // Counted from the first that is not zero.
  int64_t digits = 0;
  if (*p == '0') {
    p++;
    if (digit() <= 9) return NumberResult::malformed;
  } else {
    const char *start = p;
    while (digit() <= 9) significand = significand * 10 + digit(), p++;
    digits = p - start;
  }
  int64_t exponent = 0;
  if (*p == '.') {
    p++;
    const char *fraction = p;
    if (digits == 0) while (*p == '0') p++;
    const char *start = p;
    while (digit() <= 9) significand = significand * 10 + digit(), p++;
    if (p == fraction) return NumberResult::malformed;
    exponent = fraction - p;
    digits += p - start;
  }
  if (*p == 'e' || *p == 'E') {
    p++;
    bool is_small = *p == '-';
    if (*p == '-' || *p == '+') p++;
    if (digit() > 9) return NumberResult::malformed;
    int64_t value = 0;
    while (digit() <= 9) value = value < 100000 ? value * 10 + digit() : value, p++;
    exponent += is_small ? -value : value;
  }
  switch (*p) {
    case ',': case ']': case '}': case ' ': case '\t': case '\n': case '\r': case '\0': break;
    default: return NumberResult::malformed;
  }
  static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  // Clinger, 1990: both factors are exact in Float64, so the quotient or product is rounded once. Narrowing rounds a second time, which
  // goes wrong only where the Float64 lies exactly between two Float32 (and where those are further apart, below 2^-126).
  if (digits <= 19 && significand < (uint64_t{1} << 53) && exponent >= -22 && exponent <= 22) {
    double wide = static_cast<double>(significand);
    wide = exponent < 0 ? wide / powers[-exponent] : wide * powers[exponent];
    uint64_t bits;
    std::memcpy(&bits, &wide, sizeof bits);
    if ((bits & 0x1fffffff) != 0x10000000 && (wide >= 0x1p-126 || significand == 0) && wide < 0x1p127) {
      *out = static_cast<float>(is_negative ? -wide : wide);
      return NumberResult::ok;
    }
  }
  auto parsed = std::from_chars(text, p, *out);
  if (parsed.ec == std::errc::result_out_of_range) {
    // Too large or too small: strtof's way of saying so does not depend on the library, but the digits do say which.
    double wide = 0;
    auto again = std::from_chars(text, p, wide);
    bool is_tiny = again.ec == std::errc() ? std::fabs(wide) < 1 : exponent + digits <= 0;
    if (!is_tiny) return NumberResult::not_finite;
    *out = is_negative ? -0.0f : 0.0f;
  }
  return std::isfinite(*out) ? NumberResult::ok : NumberResult::not_finite;
}
