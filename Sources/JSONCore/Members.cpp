#include <algorithm>

#include "Parser.h"

json_status json_find_members(json_parser *parser, const char *text, size_t length, const json_text *names, size_t count, json_text *found, json_error *error) {
  *error = {};
  std::fill(found, found + count, json_text{});
  Document document;
  if (!open_document(parser, text, length, "an object", error, &document)) return error->status;
  if (document.current() != '{') return document.fail(JSON_MISSING, document.offset(), "", "expected an object with names"), error->status;
  bool is_read = document.read_object("", [&](std::string_view name, size_t at) {
    size_t start = document.offset();
    if (!document.skip_value(1, "")) return false;
    // The next mark is the comma or bracket behind the value.
    const char *from = text + start, *end = text + document.offset();
    while (end > from && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\n' || end[-1] == '\r')) end--;
    for (size_t i = 0; i < count; i++) {
      if (name != std::string_view(names[i].text, names[i].length)) continue;
      if (found[i].text) return document.fail(JSON_VALUE, at, "", "expected the member '%.*s' once, found a second one", shown(name), name.data());
      found[i] = {from, static_cast<size_t>(end - from), false};
    }
    return true;
  }) && document.is_at_end();
  return is_read ? JSON_OK : error->status;
}
