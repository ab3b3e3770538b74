#include "Parser.h"

// What Triton's clients send to its model repository.

json_status json_decode_repository(json_parser *parser, const char *body, size_t length, json_repository_request *request, json_error *error) {
  *request = {};
  *error = {};
  Document document;
  // Nothing but a byte order mark is an empty body, which asks for nothing.
  if (length > 0 && length == size_of_byte_order_mark(body, length)) return JSON_OK;
  if (!open_document(parser, body, length, "an object", error, &document)) return error->status;
  if (document.current() != '{') return document.fail_type("an object", ""), error->status;
  bool ignored;
  bool is_valid = document.read_object("", [&](std::string_view name, size_t) {
    if (name == "ready") return document.read_bool(&request->only_ready, "ready");
    if (name != "parameters") return document.skip_value(1, "");
    if (document.current() != '{') return document.fail_type("an object", "parameters");
    return document.read_object("parameters", [&](std::string_view parameter, size_t) {
      if (parameter == "unload_dependents") return document.read_bool(&ignored, "parameters.unload_dependents");
      request->has_override = request->has_override || parameter == "config" || parameter.substr(0, 5) == "file:";
      return document.skip_value(2, "parameters");
    });
  }) && document.is_at_end();
  return is_valid ? JSON_OK : error->status;
}
