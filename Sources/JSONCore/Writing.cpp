#include <charconv>
#include <cmath>
#include <cstring>

#include "JSONCore.h"

size_t json_write_integer(char *out, int64_t value) {
  return static_cast<size_t>(std::to_chars(out, out + 20, value).ptr - out);
}

size_t json_write_float(char *out, float value) {
  if (!std::isfinite(value)) {
    const char *token = std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
    size_t size = std::strlen(token);
    std::memcpy(out, token, size);
    return size;
  }
  return static_cast<size_t>(std::to_chars(out, out + 16, value).ptr - out);
}

size_t json_write_floats(char *out, const float *values, size_t n) {
  char *end = out;
  *end++ = '[';
  for (size_t i = 0; i < n; i++) {
    if (i > 0) *end++ = ',';
    end += json_write_float(end, values[i]);
  }
  *end++ = ']';
  return static_cast<size_t>(end - out);
}

size_t json_write_real(char *out, float value) {
  size_t size = json_write_float(out, value);
  bool is_marked = !std::isfinite(value) || std::memchr(out, '.', size) || std::memchr(out, 'e', size);
  if (is_marked) return size;
  out[size] = '.';
  out[size + 1] = '0';
  return size + 2;
}

size_t json_write_reals(char *out, const float *values, size_t n) {
  char *end = out;
  *end++ = '[';
  for (size_t i = 0; i < n; i++) {
    if (i > 0) *end++ = ',';
    end += json_write_real(end, values[i]);
  }
  *end++ = ']';
  return static_cast<size_t>(end - out);
}

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
