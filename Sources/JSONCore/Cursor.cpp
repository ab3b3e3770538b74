#include "Cursor.h"

#include <charconv>
#include <cmath>
#include <memory>
#include <new>

json_cursor *json_create(size_t max_depth) {
  std::unique_ptr<json_cursor> cursor(new (std::nothrow) json_cursor{});
  if (!cursor) return nullptr;
  cursor->index.max_depth = max_depth;
  cursor->index.containers.reset(new (std::nothrow) char[max_depth]);
  return cursor->index.containers ? cursor.release() : nullptr;
}

void json_destroy(json_cursor *cursor) { delete cursor; }

const json_error *json_failure(const json_cursor *cursor) { return &cursor->error; }

bool json_open(json_cursor *cursor, const char *text, size_t length, bool takes_non_finite, const char *expected) {
  cursor->depth = 0;
  cursor->is_at_first = false;
  if (!cursor->index.open(text, length, expected, &cursor->error, &cursor->document)) return false;
  cursor->document.takes_non_finite = takes_non_finite;
  return true;
}

bool json_finish(json_cursor *cursor) { return cursor->document.is_at_end(); }

char json_peek(const json_cursor *cursor, size_t ahead) { return cursor->document.peek(ahead); }

// MARK: Containers

bool json_cursor::begin(char bracket, const char *expected, size_t *offset) {
  if (document.current() != bracket) return document.fail_type(expected, "");
  *offset = document.offset();
  document.position++;
  depth++;
  return is_at_first = true;
}

json_step json_cursor::next(char bracket, const char *expected, const char *path) {
  if (document.current() == bracket) {
    document.position++;
    depth--;
    is_at_first = false;
    return JSON_END;
  }
  if (!is_at_first && !document.expect(',', expected, path)) return JSON_FAILED;
  is_at_first = false;
  return JSON_NEXT;
}

bool json_begin_object(json_cursor *cursor, const char *expected, size_t *offset) {
  return cursor->begin('{', expected, offset);
}

json_step json_next_member(json_cursor *cursor, json_span *name) {
  json_step step = cursor->next('}', "',' or '}'");
  if (step != JSON_NEXT) return step;
  if (cursor->document.current() != '"') return cursor->document.fail_syntax("a member's name", ""), JSON_FAILED;
  return cursor->read_string(name) && cursor->document.expect(':', "':'", "") ? JSON_NEXT : JSON_FAILED;
}

bool json_begin_array(json_cursor *cursor, const char *expected, size_t *offset) {
  return cursor->begin('[', expected, offset);
}

json_step json_next_element(json_cursor *cursor) { return cursor->next(']', "',' or ']'"); }

// MARK: Values

bool json_cursor::read_string(json_span *text) {
  std::string_view string;
  text->offset = document.offset();
  if (!document.read_string(buffer, &string, "")) return false;
  text->start = string.data();
  text->length = string.size();
  return true;
}

bool json_skip(json_cursor *cursor, json_span *text) {
  Document &document = cursor->document;
  size_t start = document.offset();
  if (!document.skip_value(cursor->depth, "")) return false;
  if (!text) return true;
  // The next mark is what follows the value, perhaps behind blanks.
  const char *from = document.body + start, *end = document.pointer();
  while (end > from && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\n' || end[-1] == '\r')) end--;
  *text = {from, static_cast<size_t>(end - from), start};
  return true;
}

bool json_read_string(json_cursor *cursor, const char *expected, json_span *text) {
  return cursor->document.current() == '"' ? cursor->read_string(text) : cursor->document.fail_type(expected, "");
}

bool json_read_bool(json_cursor *cursor, bool *value) { return cursor->document.read_bool(value, ""); }

bool json_read_whole(json_cursor *cursor, uint64_t *value) { return cursor->document.read_whole(value, ""); }

bool json_read_count(json_cursor *cursor, uint64_t *value, size_t *offset) {
  Document &document = cursor->document;
  const char *start = document.pointer();
  *offset = document.offset();
  *value = 0;
  if (*start == '[' || *start == '{') return document.fail_type("a whole number", "");
  if (!document.skip_scalar("")) return false;
  auto parsed = std::from_chars(start, document.body + document.length, *value);
  if (*start < '1' || *start > '9' || !document.ends_at(parsed.ptr, document.offset()))
    *value = 0;
  else if (parsed.ec != std::errc())
    *value = UINT64_MAX;
  return true;
}

bool json_read_real(json_cursor *cursor, double *value, size_t *offset) {
  Document &document = cursor->document;
  const char *start = document.pointer();
  *offset = document.offset();
  if (*start == '[' || *start == '{') return document.fail_type("a number", "");
  if (!document.skip_scalar("")) return false;
  *value = NAN;
  std::from_chars(start, document.body + document.length, *value);
  return true;
}

bool json_read_wholes(json_cursor *cursor, const char *expected, uint64_t *values, size_t capacity, size_t *count,
                      size_t *offset) {
  Document &document = cursor->document;
  if (document.current() != '[') return document.fail_type(expected, "");
  *count = 0;
  *offset = document.offset();
  return document.read_array("", [&](size_t index) {
    uint64_t value;
    if (!document.read_whole(&value, "")) return false;
    if (index < capacity) values[index] = value;
    return *count = index + 1, true;
  });
}

bool json_fail_type(json_cursor *cursor, const char *expected) { return cursor->document.fail_type(expected, ""); }

size_t json_position(const json_cursor *cursor) { return cursor->document.position; }

void json_go_back(json_cursor *cursor, size_t position) {
  if (position <= cursor->document.count) cursor->document.position = static_cast<uint32_t>(position);
}
