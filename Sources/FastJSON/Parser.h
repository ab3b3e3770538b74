#pragma once

#include "Document.h"

// Indexes a body; false, with the error filled, when it is no JSON that ends in a brace. The document is valid until the next call.
bool open_document(fj_parser *parser, const char *body, size_t length, fj_error *error, Document *document);
