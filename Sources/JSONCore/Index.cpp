#include "Index.h"

#include <cstring>
namespace {

// Bodies up to this size share one index for good; a larger one has its own (4 bytes a byte) while it is read.
constexpr size_t kept_capacity = 1 << 20;

const char *reason(simdjson::error_code code) {
  switch (code) {
    case simdjson::UTF8_ERROR: return "it is not UTF-8";
    case simdjson::UNCLOSED_STRING: return "a string is not closed";
    case simdjson::UNESCAPED_CHARS: return "a control character in a string";
    default: return "a comma, colon or bracket is missing or superfluous";
  }
}

/// Bytes of the UTF-8 byte order mark at the beginning of a text: 3, or 0 where there is none.
size_t size_of_byte_order_mark(const char *text, size_t length) {
  constexpr std::string_view mark = "\xef\xbb\xbf";
  return std::string_view(text, length).substr(0, mark.size()) == mark ? mark.size() : 0;
}

/// What is wrong with a body that is not one object or array from its first mark to its last.
bool fail_ends(Document *document, const char *expected) {
  const char *body = document->body;
  char first = document->current();
  if (first != '{' && first != '[') return document->fail_type(expected, "");
  size_t depth = 0;
  for (uint32_t i = 0; i + 1 < document->count; i++) {
    char c = body[document->marks[i]];
    depth += c == '{' || c == '[';
    if ((c == '}' || c == ']') && --depth == 0)
      return document->fail(JSON_SYNTAX, document->marks[i + 1], "",
                            "the body is not valid JSON: more text behind its end");
  }
  return document->fail(JSON_SYNTAX, document->length, "", "the body is not valid JSON: expected '%c', found its end",
                        first == '{' ? '}' : ']');
}

}  // namespace

bool Index::open(const char *body, size_t length, const char *expected, json_error *error, Document *document) {
  *document = {body, length, nullptr, 0, 0, max_depth, containers.get(), error};
  size_t skipped = size_of_byte_order_mark(body, length), rest = length - skipped;
  if (rest == 0) return document->fail(JSON_SYNTAX, 0, "", "the body is not valid JSON: it is empty");
  large.reset();
  Indexer &indexer = length > kept_capacity ? large : kept;
  if (!indexer || indexer->capacity() < length) {
    size_t capacity = length <= 1 << 16 ? 1 << 16 : length <= kept_capacity ? kept_capacity : length;
    // The second stage, which needs the depth, never runs.
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1, indexer)) {
      indexer.reset();
      return document->fail(JSON_MEMORY, 0, "", "the body does not fit into memory; send fewer rows");
    }
  }
  auto code = indexer->stage1(reinterpret_cast<const uint8_t *>(body + skipped), rest, simdjson::stage1_mode::regular);
  if (code == simdjson::EMPTY || (!code && indexer->n_structural_indexes == 0))
    return document->fail(JSON_SYNTAX, 0, "", "the body is not valid JSON: it is empty");
  if (code) return document->fail(JSON_SYNTAX, 0, "", "the body is not valid JSON: %s", reason(code));
  document->marks = indexer->structural_indexes.get();
  document->count = indexer->n_structural_indexes;
  // So that every offset is one into the body as it was sent.
  if (skipped > 0)
    for (uint32_t i = 0; i < document->count; i++) indexer->structural_indexes[i] += static_cast<uint32_t>(skipped);
  char first = body[document->marks[0]], last = body[document->marks[document->count - 1]];
  return (first == '{' && last == '}') || (first == '[' && last == ']') || fail_ends(document, expected);
}
