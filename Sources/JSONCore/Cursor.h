#pragma once

#include "Document.h"
#include "Index.h"

/// A walk with its memory, which it keeps from one text to the next.
struct json_cursor {
  Index index;
  Document document;
  json_error error;
  /// How many containers it stands in.
  size_t depth;
  /// Whether a container has just begun: its first member or element follows no comma.
  bool is_at_first;
  /// For the unescaped form of a short string.
  char buffer[JSON_MAX_NAME];

  bool begin(char bracket, const char *expected, size_t *offset);
  /// Steps to the next member or element, or over the closing bracket.
  json_step next(char bracket, const char *expected, const char *path = "");
  bool read_string(json_span *text);
};
