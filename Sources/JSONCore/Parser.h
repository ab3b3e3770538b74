#pragma once

#include "Document.h"

// Bytes of the UTF-8 byte order mark at the beginning of a text: 3, or 0 where there is none.
size_t size_of_byte_order_mark(const char *text, size_t length);

// Indexes a body; false, with the error filled, when it is no JSON, or no object or array that is closed at its end. The document is valid until the next call;
// `expected` says what it should be.
bool open_document(json_parser *parser, const char *body, size_t length, const char *expected, json_error *error,
                   Document *document);
