#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "JSONCore.h"
#include "DecimalNumber.h"

// A walk over a JSON document (RFC 8259) along the index that simdjson's first stage makes of it.
//
// Stage 1 runs in the widest instruction set of the processor and finds every bracket, colon, comma, opening quote and
// first byte of a number or literal; it also proves the body UTF-8 and its strings closed. What is left is grammar, and
// that is decided here, so that skipped members are checked as strictly as those that are read. simdjson's own
// on-demand walk took 79 instructions a number, this one takes 12; it also lets broken JSON pass in what it skips.
struct Document {
  // A mark is the offset of a byte in `body`. They ascend; the last is that of a closing bracket, so that there is a
  // mark behind every value's but that.
  const char *body;
  size_t length;
  const uint32_t *marks;
  uint32_t count;
  // In `marks`: where the walk stands.
  uint32_t position;
  size_t max_depth;
  // [max_depth]: the open brackets of skip_value.
  char *containers;
  json_error *error;
  // Whether NaN, Infinity and -Infinity are numbers, as Python writes them, and those beyond Float32 are infinite.
  bool takes_non_finite = false;

  size_t offset() const { return position < count ? marks[position] : length; }
  // 0, which marks nothing, at the end.
  char current() const { return position < count ? body[marks[position]] : 0; }
  const char *pointer() const { return body + offset(); }
  // The byte at the mark that is so many behind the current one; 0 at the end.
  char peek(size_t ahead) const { return position + ahead < count ? body[marks[position + ahead]] : 0; }
  // Whether a number or literal that began at the current mark and ends at `end` is followed by a separator.
  bool ends_cleanly(const char *end) const { return ends_at(end, position + 1 < count ? marks[position + 1] : length); }
  bool ends_at(const char *end, size_t next) const {
    return end == body + next || *end == ' ' || *end == '\n' || *end == '\r' || *end == '\t';
  }

  // "an object", "a number", …; null where no value begins with `first`.
  const char *kind_of_value(char first) const;
  // Reads the number at `text`, as read_number; null also where it is none that this document takes.
  const char *read_float(const char *text, float *out) const;

  // Fills the error from a format. Always false, so that a refusal is one statement.
  bool fail(json_status status, size_t offset, const char *path, const char *format, ...)
      __attribute__((format(printf, 5, 6)));
  // Refuses the syntax of what stands here, whatever it is.
  bool fail_syntax(const char *expected, const char *path);
  // Refuses what stands here: its syntax when it is no value, its depth when it nests too deep, else its type; `advice`
  // ends the sentence.
  bool fail_type(const char *expected, const char *path, const char *advice = "");

  // Refuses whatever follows the document's one value.
  bool is_at_end();

  // Each of these steps over what it names, or refuses it.
  bool expect(char byte, const char *expected, const char *path);
  // Any value, inside `depth` containers.
  bool skip_value(size_t depth, const char *path);
  // A number, a string or a literal.
  bool skip_scalar(const char *path);
  // A string; `text` is its unescaped form, which may lie in `buffer` [JSON_MAX_NAME]. Of longer ones
  // with escapes it is the beginning, and a byte behind it that no name has.
  bool read_string(char *buffer, std::string_view *text, const char *path);
  // A whole number from 0 to 2^64 - 1, without sign, point or exponent.
  bool read_whole(uint64_t *value, const char *path);
  bool read_bool(bool *value, const char *path);
  // The elements of the array that begins here: `element(index)` must step over each.
  template <typename Element>
  bool read_array(const char *path, Element element);
};

// How much of the number or literal at `text`, which something follows.
int shown_scalar(const char *text);

// The end of the NaN, Infinity or -Infinity at `text`; null where there is none.
const char *end_of_token(const char *text);

inline const char *Document::read_float(const char *text, float *out) const {
  const char *end = read_number(text, out);
  if (__builtin_expect(end && std::fabs(*out) <= __FLT_MAX__, 1)) return end;
  if (!takes_non_finite) return nullptr;
  if (end) return end;
  end = end_of_token(text);
  if (end) *out = *text == 'N' ? __builtin_nanf("") : *text == 'I' ? __builtin_inff() : -__builtin_inff();
  return end;
}

template <typename Element>
bool Document::read_array(const char *path, Element element) {
  position++;
  if (current() == ']') return ++position, true;
  for (size_t index = 0;; index++) {
    if (!element(index)) return false;
    if (current() == ']') return ++position, true;
    if (!expect(',', "',' or ']'", path)) return false;
  }
}
