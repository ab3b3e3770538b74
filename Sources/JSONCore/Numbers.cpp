#include <algorithm>
#include <charconv>
#include <cstdio>

#include "DecimalNumber.h"
#include "Rows.h"

// Arrays of numbers of a type, however they are nested.

namespace {

/// The whole number at `text` as a float; null unless it is an `Integer`.
template <typename Integer>
const char *read_integer(const char *text, float *out) {
  const char *digits = text + (*text == '-');
  if (digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') return nullptr;
  Integer value;
  auto parsed = std::from_chars(text, text + 24, value);
  if (parsed.ec != std::errc()) return nullptr;
  *out = static_cast<float>(value);
  return parsed.ptr;
}

struct NumberReader {
  Document &document;
  const char *const type_name, *const path;
  json_rows &rows;
  const size_t wanted;
  /// Whether they may be read in runs: as floats, not as whole numbers.
  const bool has_runs;
  size_t count = 0;

  /// Nothing behind the first number that has no place.
  template <typename Read>
  bool read(Read read_number) {
    const char *const body = document.body;
    const uint32_t *mark = document.marks + document.position;
    float *value = rows.values, *end = value + rows.capacity * rows.width;
    const uint32_t *const behind = document.marks + document.count;
    size_t depth = 0;
    // Stands at an element.
    for (;;) {
      const char *text = body + *mark;
      if (*text == '[') {
        if (++depth > document.max_depth) return fail_number(mark);
        mark++;
        if (body[*mark] != ']') continue;
      } else if (size_t read = has_runs ? run(mark, behind, static_cast<size_t>(end - value), value) : 0; read > 0) {
        value += read;
        count += read;
        mark += 2 * read;
        continue;
      } else {
        // At the last mark no number begins.
        bool may_begin = *text != '}' && *text != ']';
        if (may_begin && (count == wanted || (value == end && !make_places(&value, &end)))) {
          // One more than there may be is enough, whatever it is.
          count++;
          return stand_at(mark), true;
        }
        const char *after = may_begin ? read_number(text, value) : nullptr;
        if (!after || !document.ends_at(after, mark[1])) return fail_number(mark);
        value++;
        count++;
        mark++;
      }
      while (body[*mark] == ']') {
        mark++;
        if (--depth == 0) return stand_at(mark), true;
        if (mark == behind) break;
      }
      if (mark == behind || body[*mark] != ',') return stand_at(mark), document.fail_syntax("',' or ']'", path);
      mark++;
    }
  }

  /// The numbers from `mark` on, so many of them as have places and are wanted.
  size_t run(const uint32_t *mark, const uint32_t *behind, size_t places, float *values) {
    return read_run(document.body, mark, std::min({places, wanted - count, static_cast<size_t>(behind - mark) / 2}),
                    values);
  }

  bool make_places(float **value, float **end) {
    size_t row = rows.first + rows.capacity;
    if (!RowReader{document, rows}.make_place(row)) return false;
    *value = rows.values;
    *end = *value + rows.capacity * rows.width;
    return true;
  }

  void stand_at(const uint32_t *mark) { document.position = static_cast<uint32_t>(mark - document.marks); }

  bool fail_number(const uint32_t *mark) {
    stand_at(mark);
    char number[64];
    snprintf(number, sizeof number, "%s, number %zu", path, count + 1);
    if (document.current() == '[')
      return document.fail(JSON_TOO_DEEP, document.offset(), number, "nested too deep: expected at most %zu levels",
                           document.max_depth);
    const char *kind = document.kind_of_value(document.current());
    if (!kind || std::string_view(kind) != "a number") return document.fail_type("a number", number);
    size_t at = document.offset();
    const char *text = document.pointer();
    if (!document.skip_scalar(number)) return false;
    return document.fail(JSON_TYPE, at, number, "expected a whole number in the range of %s, found %.*s", type_name,
                         shown_scalar(text), text);
  }
};

}  // namespace

bool json_read_numbers(json_cursor *cursor, json_number_type type, const char *type_name, const char *path,
                       json_rows *rows, size_t wanted, size_t *count) {
  Document &document = cursor->document;
  if (document.current() != '[') return document.fail_type("an array of numbers", path);
  NumberReader reader{document, type_name, path, *rows, wanted, type == JSON_AS_FLOAT};
  auto read = [&] {
    switch (type) {
      case JSON_AS_FLOAT: break;
      case JSON_AS_UINT8: return reader.read(read_integer<uint8_t>);
      case JSON_AS_UINT16: return reader.read(read_integer<uint16_t>);
      case JSON_AS_UINT32: return reader.read(read_integer<uint32_t>);
      case JSON_AS_UINT64: return reader.read(read_integer<uint64_t>);
      case JSON_AS_INT8: return reader.read(read_integer<int8_t>);
      case JSON_AS_INT16: return reader.read(read_integer<int16_t>);
      case JSON_AS_INT32: return reader.read(read_integer<int32_t>);
      case JSON_AS_INT64: return reader.read(read_integer<int64_t>);
    }
    return reader.read([&](const char *text, float *out) { return document.read_float(text, out); });
  };
  bool is_read = read();
  *count = reader.count;
  return is_read;
}
