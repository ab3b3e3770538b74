#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

// The text of a JSON number → the correctly rounded Float32, and back.
//
// simdjson finds where values are, but its numbers are not taken: release 3.0.1 reads 0.71625462174415588378906251
// as 1.6e-8 (anything of more than 19 digits), and a Float64 narrowed to Float32 would be rounded twice.

namespace number_detail {

constexpr double inverse_powers[] = {1e0,  1e-1,  1e-2,  1e-3,  1e-4,  1e-5,  1e-6,  1e-7,  1e-8,
                                     1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15, 1e-16, 1e-17};
constexpr uint32_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};

/// Whether a Float64 that is off by less than two units in its last place may lie on either side of the middle between
/// two Float32.
inline bool is_near_middle(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return ((bits - (0x10000000 - 4)) & 0x1fffffff) <= 8;
}

/// Eight digits, 0…9 each, the first in the lowest byte, in three multiplications (the method of Mula and Lemire).
inline uint64_t value_of_digits(uint64_t digits) {
  digits = digits * 10 + (digits >> 8);
  return ((digits & 0x000000ff000000ff) * 0x000f424000000064 +
          ((digits >> 16) & 0x000000ff000000ff) * 0x0000271000000001) >>
         32;
}

/// The number of digits, at most eight, at `p`, and their value. The first byte that is no digit is found by carries
/// out of it. Eight bytes are read.
inline unsigned read_digits(const char *p, uint32_t *value) {
  uint64_t chunk;
  std::memcpy(&chunk, p, sizeof chunk);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  chunk = __builtin_bswap64(chunk);
#endif
  uint64_t others = ((chunk + 0x4646464646464646) | (chunk - 0x3030303030303030)) & 0x8080808080808080;
  unsigned count = others ? static_cast<unsigned>(__builtin_ctzll(others)) / 8 : 8;
  if (count == 0) return 0;
  uint64_t digits = (chunk & 0x0f0f0f0f0f0f0f0f) << (64 - 8 * count);
  *value = static_cast<uint32_t>(value_of_digits(digits));
  return count;
}

}  // namespace number_detail

/// Reads the number at `text` (RFC 8259, section 6). Returns its end, or null where there is none; `*out` is infinite
/// when it is beyond Float32. What follows the number is the caller's to judge. Up to eight bytes behind it are read.
const char *read_any_number(const char *text, float *out);

/// Numbers one behind the other, number i from text + marks[2 i] to the comma at text + marks[2 i + 1]. Returns how
/// many it has read: it stops at the first that it leaves to `read_number`, because the number is no common one, or
/// none, or blanks follow it, or no comma does. Up to 32 bytes behind a number's beginning are read.
size_t read_run(const char *text, const uint32_t *marks, size_t count, float *values);

/// A number that ends at `end`, of one digit, a point and at most eight more, or of at most eight digits: the commonest
/// ones. False for all others, and for what is no number. The eight bytes before `end` are read: digits, and whatever
/// stands before them.
inline bool read_short_number(const char *text, const char *end, float *out) {
  using namespace number_detail;
  bool is_negative = *text == '-';
  const char *p = text + is_negative;
  bool has_point = p[1] == '.';
  auto count = static_cast<size_t>(end - p) - (has_point ? 2 : 0);
  unsigned whole = static_cast<unsigned>(*p - '0');
  if (count - 1 > 7 || whole > 9 || (!has_point && whole == 0 && count > 1)) return false;
  uint64_t chunk;
  std::memcpy(&chunk, end - sizeof chunk, sizeof chunk);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  chunk = __builtin_bswap64(chunk);
#endif
  // The first digit is in the lowest byte: what precedes it becomes zeros.
  size_t others = 64 - 8 * count;
  uint64_t digits = (chunk ^ 0x3030303030303030) >> others << others;
  if (((digits + 0x7676767676767676) | digits) & 0x8080808080808080) return false;
  auto significand = static_cast<int64_t>(value_of_digits(digits) + (has_point ? uint64_t{whole} * powers[count] : 0));
  double wide = static_cast<double>(significand) * inverse_powers[has_point ? count : 0];
  if (is_near_middle(wide)) return false;
  *out = static_cast<float>(is_negative ? -wide : wide);
  return true;
}

/// As read_any_number; numbers of at most seven digits, a point and eight more take a short way.
inline const char *read_number(const char *text, float *out) {
  using namespace number_detail;
  const char *p = text;
  bool is_negative = *p == '-';
  p += is_negative;
  unsigned digit = static_cast<unsigned>(*p - '0');
  if (__builtin_expect(digit > 9, 0)) return nullptr;
  uint32_t whole = digit;
  const char *start = p++;
  while ((digit = static_cast<unsigned>(*p - '0')) <= 9 && p - start < 7) whole = whole * 10 + digit, p++;
  bool has_leading_zero = *start == '0' && p - start > 1;
  if (*p == '.' && !has_leading_zero) {
    uint32_t fraction;
    unsigned count = read_digits(p + 1, &fraction);
    const char *end = p + 1 + count;
    // Neither a ninth digit nor an exponent.
    if (__builtin_expect(count > 0 && static_cast<unsigned>(*end - '0') > 9 && (*end | 0x20) != 'e', 1)) {
      auto significand = static_cast<int64_t>(uint64_t{whole} * powers[count] + fraction);
      double wide = static_cast<double>(significand) * inverse_powers[count];
      if (__builtin_expect(!is_near_middle(wide), 1)) {
        *out = static_cast<float>(is_negative ? -wide : wide);
        return end;
      }
    }
  } else if (digit > 9 && *p != '.' && (*p | 0x20) != 'e' && !has_leading_zero) {
    // Below 2^24: exact.
    *out = is_negative ? -static_cast<float>(whole) : static_cast<float>(whole);
    return p;
  }
  return read_any_number(text, out);
}

/// The shortest decimals that read back as the same Float32, of several the nearest: nine digits with a point behind
/// the first, zeros at their end, times 10^exponent. Several at once, since what one takes is the time that its
/// operations wait for each other.
struct ShortestDecimals {
  static constexpr size_t capacity = 16;
  /// The text of the first eight digits, the first in the lowest byte.
  uint64_t eights[capacity];
  uint32_t ninths[capacity];
  int32_t exponents[capacity];
};

/// Those of at most so many values; of what is 0 or not finite anything.
void find_shortest(const float *values, size_t count, ShortestDecimals *decimals);

/// Writes a finite Float32, which is number i of the decimals, plain or with an exponent, whichever is shorter: the
/// same text as std::to_chars. At most 15 bytes, of 16 that there must be room for. Returns its end.
char *write_shortest(char *out, float value, const ShortestDecimals &decimals, size_t i);
