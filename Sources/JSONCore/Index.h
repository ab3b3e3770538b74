#pragma once

#include <memory>

#include <simdjson.h>

#include "Document.h"

/// The memory of simdjson's first stage, kept from one text to the next.
struct Index {
  using Indexer = std::unique_ptr<simdjson::internal::dom_parser_implementation>;

  Indexer kept, large;
  size_t max_depth;
  /// [max_depth]
  std::unique_ptr<char[]> containers;

  /// Indexes a text; false, with the error filled, when it is no JSON, or no object or array that is closed at its end.
  /// The document is valid until the next call; `expected` says what it should be.
  bool open(const char *body, size_t length, const char *expected, json_error *error, Document *document);
};
