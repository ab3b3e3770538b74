#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "CSVCore.h"
#include "DecimalNumber.h"

namespace {

enum class NumberResult { ok, malformed, not_finite };

bool is_blank(char c) { return c == ' ' || c == '\t'; }

const char *skip_blanks(const char *p, const char *end) {
  while (p < end && is_blank(*p)) p++;
  return p;
}

/// How the fields of a line are told apart.
struct Separator {
  const char byte;
  /// A run of blanks and tabs, which may also stand at the line's ends, separates once.
  bool is_run() const { return byte == ' '; }
  bool at(const char *p) const { return is_run() ? is_blank(*p) : *p == byte; }
};

/// A field as it lies in its line.
struct Field {
  // Without the blanks and quotes around it.
  const char *from, *to;
  // Where the separator behind it stands, or the line's end.
  const char *rest;
  bool is_quoted = false;
  // A quote opens and does not close.
  bool is_open = false;

  std::string_view text() const { return {from, static_cast<size_t>(to - from)}; }
};

/// The field that begins at `p`. Quotes mean something at its beginning only (RFC 4180): 5" is a text like any other.
Field field_at(const char *p, const char *end, Separator separator) {
  const char *from = p;
  while (from < end && is_blank(*from) && !separator.at(from)) from++;
  if (from < end && *from == '"') {
    const char *close = from + 1;
    while (close < end && (*close != '"' || (close + 1 < end && close[1] == '"'))) close += *close == '"' ? 2 : 1;
    if (close >= end) return {from, end, end, false, true};
    const char *rest = close + 1;
    while (rest < end && is_blank(*rest) && !separator.at(rest)) rest++;
    if (rest == end || separator.at(rest)) return {from + 1, close, rest, true};
  }
  const char *rest = from;
  while (rest < end && !separator.at(rest)) rest++;
  const char *to = rest;
  while (to > from && is_blank(to[-1])) to--;
  return {from, to, rest};
}

/// Behind the separator at `p`; null: the line ends, a run of blanks at its end included.
const char *next_field(const char *p, const char *end, Separator separator) {
  if (separator.is_run()) p = skip_blanks(p, end);
  if (p >= end) return nullptr;
  return separator.is_run() ? p : p + 1;
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

// MARK: What is wrong with a field

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return (x >= 'A' && x <= 'Z' ? x | 0x20 : x) == y; });
}

bool is_missing_value(std::string_view text) {
  // The words of pandas' read_csv, of C on Windows, of spreadsheets' errors, and of databases.
  static constexpr std::string_view words[] = {
      "",    "na",      "n/a",      "#n/a",   "<na>",    "nan",     "null",     "none", "?",
      "-",   "#na",     "#n/a n/a", "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan", "n.a.", "(null)",
      "\\n", "#div/0!", "#value!",  "#ref!",  "#num!",   "#name?",  "#null!"};
  return std::any_of(std::begin(words), std::end(words),
                     [&](std::string_view word) { return equals_ignoring_case(text, word); });
}

/// Digits, a comma, digits, perhaps with a sign and an exponent.
bool has_decimal_comma(std::string_view text) {
  char copy[64];
  size_t comma = text.find(',');
  if (comma == std::string_view::npos || text.size() > sizeof copy) return false;
  std::copy(text.begin(), text.end(), copy);
  copy[comma] = '.';
  auto is_digit = [&](size_t index) { return index < text.size() && text[index] >= '0' && text[index] <= '9'; };
  float ignored;
  return comma > 0 && is_digit(comma - 1) && is_digit(comma + 1) &&
         read_field(copy, copy + text.size(), &ignored) != NumberResult::malformed;
}

__attribute__((format(printf, 4, 5))) csv_status fail(csv_error *error, csv_status status, size_t column,
                                                      const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error->message, sizeof error->message, format, arguments);
  va_end(arguments);
  error->status = status;
  error->column = column;
  // What is quoted of a file may hold what a terminal would obey.
  for (char *p = error->message; *p; p++)
    if (static_cast<unsigned char>(*p) < 0x20 || *p == 0x7f) *p = '?';
  return status;
}

/// Refuses a field that is no finite number; `column` counts from 1.
csv_status fail_field(csv_error *error, const Field &field, NumberResult result, size_t column) {
  if (field.is_open)
    return fail(error, CSV_OPEN_QUOTE, column,
                "a quote opens here and does not close on its line; line breaks within quotes are not read");
  std::string_view text = field.text();
  size_t shown = std::min<size_t>(text.size(), 24);
  // Not within a character of UTF-8.
  while (shown > 0 && shown < text.size() && (text[shown] & 0xc0) == 0x80) shown--;
  auto size = static_cast<int>(shown);
  if (result == NumberResult::not_finite)
    return fail(error, CSV_NON_FINITE, column, "expected a finite Float32, found %.*s", size, text.data());
  if (text.empty()) return fail(error, CSV_NO_NUMBER, column, "expected a number, found nothing");
  const char *kind = is_missing_value(text)    ? ", a missing value"
                     : has_decimal_comma(text) ? ": decimal commas are not read, write decimal points"
                                               : "";
  return fail(error, CSV_NO_NUMBER, column, "expected a number, found '%.*s'%s", size, text.data(), kind);
}

csv_status read_fields(const char *p, const char *end, char separator_byte, const bool *skipped, size_t skipped_count,
                       size_t width, float *row, csv_error *error) {
  Separator separator{separator_byte};
  size_t count = 0, column = 0;
  for (;; column++) {
    if (column < skipped_count && skipped[column]) {
      Field field = field_at(p, end, separator);
      if (field.is_open) return fail_field(error, field, NumberResult::malformed, column + 1);
      p = field.rest;
    } else {
      float ignored;
      float *target = count < width ? row + count : &ignored;
      while (p < end && is_blank(*p) && *p != separator_byte) p++;
      // JSON's way of writing numbers is the common one, and fast; whatever it does not take whole is looked at again.
      const char *rest = read_number(p, target);
      bool is_read = rest && rest <= end && std::isfinite(*target);
      while (is_read && rest < end && is_blank(*rest) && *rest != separator_byte) rest++;
      if (is_read && (rest == end || *rest == separator_byte || (separator.is_run() && is_blank(rest[-1])))) {
        p = rest;
      } else {
        Field field = field_at(p, end, separator);
        const char *from = field.from, *to = field.to;
        while (from < to && is_blank(*from)) from++;
        while (to > from && is_blank(to[-1])) to--;
        auto result = from == to ? NumberResult::malformed : read_field(from, to, target);
        if (result != NumberResult::ok || field.is_open) return fail_field(error, field, result, column + 1);
        p = field.rest;
      }
      count++;
    }
    p = next_field(p, end, separator);
    if (!p) break;
  }
  if (count != width) return fail(error, CSV_WIDTH, 0, "expected %zu numbers, found %zu", width, count);
  // As many numbers without a column that is left out: nobody knows which column is missing.
  if (column + 1 < skipped_count &&
      std::find(skipped + column + 1, skipped + skipped_count, true) != skipped + skipped_count)
    return fail(error, CSV_WIDTH, 0, "expected %zu columns, as before, found %zu", skipped_count, column + 1);
  return CSV_OK;
}

}  // namespace

csv_status csv_read_fields(const char *line, size_t length, char separator, const bool *skipped, size_t skipped_count,
                           size_t width, float *row, csv_error *error) {
  *error = {};
  const char *end = line + length, *start = separator == ' ' ? skip_blanks(line, end) : line;
  csv_status status = read_fields(start, end, separator, skipped, skipped_count, width, row, error);
  if (status == CSV_OK || status == CSV_OPEN_QUOTE || !std::memchr(line, '"', length)) return status;
  // Whatever else is wrong with the line: what follows a quote that does not close is no row.
  size_t column = 1;
  for (const char *p = start; p; column++) {
    Field field = field_at(p, end, {separator});
    if (field.is_open) return fail_field(error, field, NumberResult::malformed, column);
    p = next_field(field.rest, end, {separator});
  }
  return status;
}

size_t csv_find_fields(const char *line, size_t length, char separator_byte, const size_t *columns, size_t count,
                       csv_field *found) {
  Separator separator{separator_byte};
  const char *end = line + length, *p = separator.is_run() ? skip_blanks(line, end) : line;
  std::fill(found, found + count, csv_field{});
  size_t column = 0;
  for (; p; column++) {
    Field field = field_at(p, end, separator);
    for (size_t i = 0; i < count; i++)
      if (columns[i] == column) found[i] = {field.from, static_cast<size_t>(field.to - field.from), field.is_quoted};
    p = next_field(field.rest, end, separator);
  }
  return column;
}

bool csv_is_missing_value(const char *text, size_t length) { return is_missing_value({text, length}); }

bool csv_has_decimal_comma(const char *text, size_t length) { return has_decimal_comma({text, length}); }
