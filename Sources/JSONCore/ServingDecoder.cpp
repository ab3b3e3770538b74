#include <cstdio>

#include "InputName.h"
#include "Parser.h"
#include "Rows.h"

// The bodies of TensorFlow Serving's REST API: rows as a list ("instances"), as a tensor ("inputs"), or as examples to classify.

namespace {

constexpr const char *whole = "an object with \"instances\" or \"inputs\"";

struct ServingDecoder {
  Document document;
  RowReader rows;
  const json_signature *const signature;
  const bool is_classify;
  json_serving_request *const request;
  bool has_rows = false;

  bool decode() {
    if (document.current() != '{') return document.fail_type(is_classify ? "an object with \"examples\"" : whole, "");
    bool has_signature = false;
    if (!document.read_object("", [&](std::string_view name, size_t at) {
          if (name == "signature_name" && !has_signature) return has_signature = true, signature_name();
          if (is_classify) return name == "examples" ? list(at, "examples") : document.skip_value(1, "");
          if (name == "instances") return list(at, "instances");
          if (name == "inputs") return columns(at);
          return document.skip_value(1, "");
        }) ||
        !document.is_at_end())
      return false;
    request->rows = rows.count;
    if (has_rows) return true;
    return document.fail(JSON_MISSING, 0, "", is_classify ? "expected \"examples\", found none" : "expected \"instances\" or \"inputs\", found neither");
  }

  bool signature_name() {
    if (document.current() != '"') return document.fail_type("a string", "signature_name");
    request->signature_at = document.offset();
    std::string_view name;
    if (!document.read_string(buffer, &name, "signature_name")) return false;
    request->signature = name.empty() || name == "serving_default" ? JSON_SERVING_DEFAULT : name == "distances" ? JSON_SERVING_DISTANCES : name == "all" ? JSON_SERVING_ALL : JSON_SERVING_UNKNOWN;
    return true;
  }

  bool begin(size_t at, const char *name) {
    rows.name = name;
    if (has_rows) return document.fail(JSON_VALUE, at, name, "rows are given twice; send \"instances\" or \"inputs\", once");
    return has_rows = true;
  }

  /// One element a row: all bare values, or all objects with the input alone.
  bool list(size_t at, const char *name) {
    if (!begin(at, name)) return false;
    bool holds_objects = false;
    return rows.list([&](size_t index) {
      bool is_object = document.current() == '{';
      if (index == 0) holds_objects = is_object || is_classify;
      if (!is_object && !holds_objects) return rows.row(index);
      char path[64];
      snprintf(path, sizeof path, "%s[%zu]", name, index);
      if (is_object != holds_objects) return document.fail_type(holds_objects ? "an object, as the first element is" : "an array, as the first element is", path);
      bool found = false;
      size_t start = document.offset();
      return document.read_object(path, [&](std::string_view member, size_t member_at) {
        if (is_input(*signature, member)) return found ? fail_second_input(member_at, path) : (found = true, rows.row(index));
        return document.fail(JSON_VALUE, member_at, path, "expected the input %s alone, found '%.*s'", InputNames(*signature).text,
                             shown(member), member.data());
      }) && (found || document.fail(JSON_MISSING, start, path, "expected the input %s, found an empty object", InputNames(*signature).text));
    });
  }

  /// The tensor, or an object that holds it among others.
  bool columns(size_t at) {
    request->is_columnar = true;
    if (!begin(at, "inputs")) return false;
    if (document.current() != '{') return rows.list();
    bool found = false;
    size_t start = document.offset();
    return document.read_object("inputs", [&](std::string_view member, size_t member_at) {
      if (is_input(*signature, member)) return found ? fail_second_input(member_at, "inputs") : (found = true, rows.list());
      return document.skip_value(2, "inputs");
    }) && (found || document.fail(JSON_MISSING, start, "inputs", "expected the input %s, found none", InputNames(*signature).text));
  }

  bool fail_second_input(size_t at, const char *path) {
    return document.fail(JSON_VALUE, at, path, "the input is given twice; send it once, as %s", InputNames(*signature).text);
  }

  // For the unescaped form of a short string.
  char buffer[JSON_MAX_NAME];
};

}  // namespace

json_status json_decode_serving(json_parser *parser, const char *body, size_t length, const json_signature *signature, bool is_classify, size_t capacity, float *rows,
                            json_serving_request *request, json_error *error) {
  *request = {};
  *error = {};
  ServingDecoder decoder{{}, {&decoder.document, signature->shape, width_of(signature->shape), capacity, rows, "instances"}, signature, is_classify, request};
  if (!open_document(parser, body, length, whole, error, &decoder.document)) return error->status;
  decoder.document.takes_non_finite = true;
  return decoder.decode() ? JSON_OK : error->status;
}

json_status json_check_serving(json_parser *parser, const char *body, size_t length, json_error *error) {
  *error = {};
  Document document;
  if (!open_document(parser, body, length, whole, error, &document)) return error->status;
  document.takes_non_finite = true;
  if (document.current() != '{') return document.fail_type(whole, ""), error->status;
  bool is_valid = document.read_object("", [&](std::string_view name, size_t) {
    if (name == "signature_name" && document.current() != '"') return document.fail_type("a string", "signature_name");
    return document.skip_value(1, "");
  }) && document.is_at_end();
  return is_valid ? JSON_OK : error->status;
}
