#pragma once

#include "Document.h"
#include "Index.h"

struct json_parser {
  Index index;
};

// Indexes a body; false, with the error filled, when it is no JSON, or no object or array that is closed at its end. The document is valid until the next call;
// `expected` says what it should be.
bool open_document(json_parser *parser, const char *body, size_t length, const char *expected, json_error *error,
                   Document *document);
