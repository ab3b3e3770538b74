#include "Document.h"

#include <charconv>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "DecimalNumber.h"

namespace {

constexpr size_t buffer_size = JSON_MAX_NAME;

int hexadecimal(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// The four hexadecimal digits at `p`, or -1. Stops at the first byte that is none, and so inside the string.
int code_unit(const char *p) {
  int value = 0;
  for (int i = 0; i < 4; i++) {
    int digit = hexadecimal(p[i]);
    if (digit < 0) return -1;
    value = value << 4 | digit;
  }
  return value;
}

size_t encode_utf8(uint32_t scalar, char *out) {
  auto byte = [](uint32_t bits) { return static_cast<char>(bits); };
  if (scalar < 0x80) return out[0] = byte(scalar), 1;
  if (scalar < 0x800) return out[0] = byte(0xc0 | scalar >> 6), out[1] = byte(0x80 | (scalar & 63)), 2;
  if (scalar < 0x10000) {
    out[0] = byte(0xe0 | scalar >> 12);
    out[1] = byte(0x80 | (scalar >> 6 & 63));
    return out[2] = byte(0x80 | (scalar & 63)), 3;
  }
  out[0] = byte(0xf0 | scalar >> 18);
  out[1] = byte(0x80 | (scalar >> 12 & 63));
  out[2] = byte(0x80 | (scalar >> 6 & 63));
  return out[3] = byte(0x80 | (scalar & 63)), 4;
}

/// Decodes the escape whose backslash is at `p`; returns its end, or null where it is none of RFC 8259's.
const char *read_escape(const char *p, char *out, size_t *written) {
  static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
  p++;
  if (*p != 'u') {
    const char *found = *p ? std::strchr(names, *p) : nullptr;
    if (!found) return nullptr;
    out[0] = values[found - names];
    *written = 1;
    return p + 1;
  }
  int unit = code_unit(p + 1);
  if (unit < 0 || (unit >= 0xdc00 && unit < 0xe000)) return nullptr;
  p += 5;
  auto scalar = static_cast<uint32_t>(unit);
  if (unit >= 0xd800 && unit < 0xdc00) {
    int low = p[0] == '\\' && p[1] == 'u' ? code_unit(p + 2) : -1;
    if (low < 0xdc00 || low >= 0xe000) return nullptr;
    scalar = 0x10000 + ((scalar - 0xd800) << 10 | (static_cast<uint32_t>(low) - 0xdc00));
    p += 6;
  }
  *written = encode_utf8(scalar, out);
  return p;
}

}  // namespace

int shown_scalar(const char *text) {
  size_t size = std::strcspn(text, ",:]} \n\r\t");
  return static_cast<int>(size < 24 ? size : 24);
}

const char *end_of_token(const char *text) {
  for (std::string_view token : {"NaN", "Infinity", "-Infinity"})
    if (std::strncmp(text, token.data(), token.size()) == 0) return text + token.size();
  return nullptr;
}

const char *Document::kind_of_value(char first) const {
  switch (first) {
    case '{': return "an object";
    case '[': return "an array";
    case '"': return "a string";
    case 't':
    case 'f': return "a boolean";
    case 'n': return "null";
    case 'N':
    case 'I': return takes_non_finite ? "a number" : nullptr;
    default: return first == '-' || (first >= '0' && first <= '9') ? "a number" : nullptr;
  }
}

bool Document::fail(json_status status, size_t at, const char *path, const char *format, ...) {
  error->status = status;
  error->offset = at;
  snprintf(error->path, sizeof error->path, "%s", path);
  char what[160];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  snprintf(error->message, sizeof error->message, "%s%s%s, at byte %zu", path, *path ? ": " : "", what, at);
  return false;
}

bool Document::fail_syntax(const char *expected, const char *path) {
  if (position >= count)
    return fail(JSON_SYNTAX, length, path, "the body is not valid JSON: expected %s, found its end", expected);
  char c = current();
  if (const char *kind = kind_of_value(c))
    return fail(JSON_SYNTAX, offset(), path, "the body is not valid JSON: expected %s, found %s", expected, kind);
  return c > 0x20 && c < 0x7f
             ? fail(JSON_SYNTAX, offset(), path, "the body is not valid JSON: expected %s, found '%c'", expected, c)
             : fail(JSON_SYNTAX, offset(), path, "the body is not valid JSON: expected %s, found byte 0x%02x", expected,
                    static_cast<unsigned char>(c));
}

bool Document::fail_type(const char *expected, const char *path, const char *advice) {
  const char *kind = kind_of_value(current());
  if (!kind) return fail_syntax(expected, path);
  size_t at = offset();
  if (current() == '[' || current() == '{') {
    size_t depth = 0;
    for (uint32_t i = position; i < count; i++) {
      char mark = body[marks[i]];
      if ((mark == '[' || mark == '{') && ++depth > max_depth)
        return fail(JSON_TOO_DEEP, marks[i], path, "nested too deep: expected at most %zu levels", max_depth);
      if ((mark == ']' || mark == '}') && --depth == 0) break;
    }
  } else if (!skip_scalar(path)) {
    return false;
  }
  return fail(JSON_TYPE, at, path, "expected %s, found %s%s", expected, kind, advice);
}

bool Document::is_at_end() {
  return position == count || fail(JSON_SYNTAX, offset(), "", "the body is not valid JSON: more text behind its end");
}

bool Document::expect(char byte, const char *expected, const char *path) {
  return current() == byte && position < count ? (position++, true) : fail_syntax(expected, path);
}

bool Document::skip_scalar(const char *path) {
  char c = current();
  if (c == '"') {
    char buffer[buffer_size];
    std::string_view text;
    return read_string(buffer, &text, path);
  }
  const char *end = nullptr;
  bool is_literal = c == 't' || c == 'f' || c == 'n';
  if (is_literal) {
    std::string_view literal = c == 't' ? "true" : c == 'f' ? "false" : "null";
    if (std::string_view(pointer(), literal.size()) == literal) end = pointer() + literal.size();
  } else if (kind_of_value(c)) {
    float ignored;  // 1e999 is JSON; nobody wants its value
    end = read_number(pointer(), &ignored);
    if (!end && takes_non_finite) end = end_of_token(pointer());
  } else {
    return fail_syntax("a value", path);
  }
  if (!end || end > body + length || !ends_cleanly(end))
    return fail(JSON_SYNTAX, offset(), path, "the body is not valid JSON: a malformed %s",
                is_literal ? "literal" : "number");
  return ++position, true;
}

bool Document::read_string(char *buffer, std::string_view *text, const char *path) {
  // Most have no escape: their text is where they stand.
  const char *start = pointer() + 1, *plain = start;
  while (*plain != '"' && *plain != '\\') plain++;
  if (*plain == '"') {
    *text = std::string_view(start, static_cast<size_t>(plain - start));
    return ++position, true;
  }
  size_t size = 0;
  bool fits = true;
  for (const char *p = start; *p != '"';) {
    char piece[4] = {*p};
    size_t written = 1;
    const char *end = *p == '\\' ? read_escape(p, piece, &written) : p + 1;
    if (!end)
      return fail(JSON_SYNTAX, static_cast<size_t>(p - body), path,
                  "the body is not valid JSON: a string has an invalid escape");
    fits = fits && size + written <= buffer_size;
    if (fits) std::memcpy(buffer + size, piece, written), size += written;
    p = end;
  }
  // What does not fit ends with a byte that no text has, and so is no name.
  if (!fits) buffer[size - 1] = '\xff';
  *text = std::string_view(buffer, size);
  return ++position, true;
}

bool Document::read_whole(uint64_t *value, const char *path) {
  const char *start = pointer();
  size_t at = offset();
  const char *kind = kind_of_value(current());
  if (!kind || std::strcmp(kind, "a number") != 0) return fail_type("a whole number", path);
  if (!skip_scalar(path)) return false;
  auto parsed = std::from_chars(start, body + length, *value);
  bool is_whole = parsed.ec == std::errc() && ends_at(parsed.ptr, offset());
  return is_whole || fail(JSON_VALUE, at, path, "expected a whole number from 0 below 2^64, found %.*s",
                          shown_scalar(start), start);
}

bool Document::read_bool(bool *value, const char *path) {
  *value = current() == 't';
  return *value || current() == 'f' ? skip_scalar(path) : fail_type("true or false", path);
}

bool Document::skip_value(size_t depth, const char *path) {
  size_t open = 0;
  auto name = [&] {
    if (current() != '"') return fail_syntax("a member's name", path);
    return skip_scalar(path) && expect(':', "':'", path);
  };
  for (;;) {
    char c = current();
    if (c == '{' || c == '[') {
      if (depth + open >= max_depth)
        return fail(JSON_TOO_DEEP, offset(), path, "nested too deep: expected at most %zu levels", max_depth);
      containers[open++] = c;
      position++;
      if (current() != (c == '{' ? '}' : ']')) {
        if (c == '{' && !name()) return false;
        continue;
      }
    } else if (!skip_scalar(path)) {
      return false;
    }
    // Behind a value, or at the bracket that closes one.
    for (;;) {
      if (open == 0) return true;
      bool is_object = containers[open - 1] == '{';
      if (current() == (is_object ? '}' : ']')) {
        position++;
        open--;
        continue;
      }
      if (!expect(',', is_object ? "',' or '}'" : "',' or ']'", path)) return false;
      if (is_object && !name()) return false;
      break;
    }
  }
}

size_t json_unescape(char *out, const char *json, size_t length) {
  const char *p = json + 1, *end = json + length - 1;
  size_t size = 0;
  while (p < end) {
    size_t written = 1;
    const char *next = *p == '\\' ? read_escape(p, out + size, &written) : (out[size] = *p, p + 1);
    if (!next) break;
    size += written;
    p = next;
  }
  return size;
}
