#include <algorithm>
#include <charconv>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "FastJSON.h"
#include "Number.h"

namespace {

enum class NumberResult { ok, malformed, not_finite };

bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// Where the field at `p` ends: at a separator outside of quotes, or at the line's end.
const char *field_end(const char *p, const char *end, char separator) {
  bool is_quoted = false;
  for (; p < end && (is_quoted || *p != separator); p++)
    if (*p == '"') is_quoted = !is_quoted;
  return p;
}

/// The number between `p` and `end`, as CSV may write it and JSON may not.
NumberResult read_field(const char *p, const char *end, float *out) {
  if (p < end && *p == '+' && end - p > 1 && p[1] != '-') p++;
  auto parsed = std::from_chars(p, end, *out);
  if (parsed.ptr != end) return NumberResult::malformed;
  if (parsed.ec == std::errc::result_out_of_range) {
    double wide = 0;
    auto again = std::from_chars(p, end, wide);
    if (again.ec != std::errc() || std::fabs(wide) >= 1) {
      // Beyond Float64 too, or beyond Float32: a number without a significant digit before its exponent's sign is tiny.
      const char *exponent = std::find_if(p, end, [](char c) { return c == 'e' || c == 'E'; });
      bool is_tiny = again.ec != std::errc() && exponent + 1 < end && exponent[1] == '-';
      if (!is_tiny) return NumberResult::not_finite;
    }
    *out = *p == '-' ? -0.0f : 0.0f;
    return NumberResult::ok;
  }
  if (parsed.ec != std::errc()) return NumberResult::malformed;
  return std::isfinite(*out) ? NumberResult::ok : NumberResult::not_finite;
}

__attribute__((format(printf, 4, 5)))
fj_status fail(fj_error *error, fj_status status, size_t column, const char *format, ...) {
  char what[160];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  error->status = status;
  if (column > 0) snprintf(error->path, sizeof error->path, "column %zu", column);
  snprintf(error->message, sizeof error->message, "%s%s%s", error->path, column > 0 ? ": " : "", what);
  return status;
}

}  // namespace

fj_status fj_read_fields(const char *line, size_t length, char separator, const bool *skipped, size_t skipped_count, size_t width,
                         float *row, fj_error *error) {
  *error = {};
  const char *p = line, *end = line + length;
  size_t count = 0;
  for (size_t column = 0;; column++) {
    if (column < skipped_count && skipped[column]) {
      p = field_end(p, end, separator);
    } else {
      float ignored;
      float *target = count < width ? row + count : &ignored;
      while (p < end && is_blank(*p) && *p != separator) p++;
      // JSON's way of writing numbers is the common one, and fast; whatever it does not take whole is looked at again.
      const char *rest = read_number(p, target);
      bool is_read = rest && rest <= end && std::isfinite(*target);
      while (is_read && rest < end && is_blank(*rest) && *rest != separator) rest++;
      if (is_read && (rest == end || *rest == separator)) {
        p = rest;
      } else {
        rest = field_end(p, end, separator);
        const char *from = p, *to = rest;
        while (to > from && is_blank(to[-1])) to--;
        if (to - from >= 2 && *from == '"' && to[-1] == '"') from++, to--;
        while (to > from && is_blank(*from)) from++;
        while (to > from && is_blank(to[-1])) to--;
        if (from == to) return fail(error, FJ_TYPE, column + 1, "expected a number, found nothing");
        auto shown = static_cast<int>(std::min<ptrdiff_t>(to - from, 24));
        switch (read_field(from, to, target)) {
          case NumberResult::ok: break;
          case NumberResult::not_finite:
            return fail(error, FJ_NON_FINITE, column + 1, "expected a finite Float32, found %.*s", shown, from);
          case NumberResult::malformed:
            return fail(error, FJ_TYPE, column + 1, "expected a number, found '%.*s'", shown, from);
        }
        p = rest;
      }
      count++;
    }
    if (p >= end) break;
    p++;
  }
  if (count != width) return fail(error, FJ_WIDTH, 0, "expected %zu numbers, found %zu", width, count);
  return FJ_OK;
}
