#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string_view>

#include "DecimalNumber.h"
#include "JSONCore.h"

size_t json_write_integer(char *out, int64_t value) {
  return static_cast<size_t>(std::to_chars(out, out + 20, value).ptr - out);
}

namespace {

char *write(char *out, float value, const ShortestDecimals &decimals, size_t i) {
  if (std::isfinite(value)) return write_shortest(out, value, decimals, i);
  std::string_view token = std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  return out + token.copy(out, token.size());
}

char *write_marked(char *out, float value, const ShortestDecimals &decimals, size_t i) {
  char *end = write(out, value, decimals, i);
  auto size = static_cast<size_t>(end - out);
  bool is_marked = !std::isfinite(value) || std::memchr(out, '.', size) || std::memchr(out, 'e', size);
  if (is_marked) return end;
  *end++ = '.';
  *end++ = '0';
  return end;
}

template <typename Write>
size_t write_array(char *out, const float *values, size_t n, Write write) {
  ShortestDecimals decimals;
  char *end = out;
  *end++ = '[';
  for (size_t first = 0; first < n; first += decimals.capacity) {
    const size_t count = std::min(n - first, decimals.capacity);
    find_shortest(values + first, count, &decimals);
    for (size_t i = 0; i < count; i++) {
      if (first + i > 0) *end++ = ',';
      end = write(end, values[first + i], decimals, i);
    }
  }
  *end++ = ']';
  return static_cast<size_t>(end - out);
}

}  // namespace

size_t json_write_float(char *out, float value) {
  ShortestDecimals decimals;
  find_shortest(&value, 1, &decimals);
  return static_cast<size_t>(write(out, value, decimals, 0) - out);
}

size_t json_write_floats(char *out, const float *values, size_t n) { return write_array(out, values, n, write); }

size_t json_write_real(char *out, float value) {
  ShortestDecimals decimals;
  find_shortest(&value, 1, &decimals);
  return static_cast<size_t>(write_marked(out, value, decimals, 0) - out);
}

size_t json_write_reals(char *out, const float *values, size_t n) { return write_array(out, values, n, write_marked); }

size_t json_write_string(char *out, const char *utf8, size_t n) {
  static const char digits[] = "0123456789abcdef";
  char *end = out;
  *end++ = '"';
  for (size_t i = 0; i < n; i++) {
    unsigned char c = static_cast<unsigned char>(utf8[i]);
    if (c == '"' || c == '\\') {
      *end++ = '\\';
      *end++ = static_cast<char>(c);
    } else if (c < 0x20 || c == 0x7f) {
      std::memcpy(end, "\\u00", 4);
      end[4] = digits[c >> 4];
      end[5] = digits[c & 15];
      end += 6;
    } else {
      *end++ = static_cast<char>(c);
    }
  }
  *end++ = '"';
  return static_cast<size_t>(end - out);
}
