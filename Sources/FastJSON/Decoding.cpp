#include <algorithm>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <new>
#include <string_view>

// Debian's library is built with the exceptions on; here every call is asked for its error code instead.
#include <simdjson.h>

#include "FastJSON.h"
#include "Number.h"

namespace ondemand = simdjson::ondemand;

struct fj_parser {
  ondemand::parser parser;
  size_t max_depth;
};

fj_parser *fj_parser_create(size_t max_depth) {
  auto *parser = new (std::nothrow) fj_parser;
  if (parser) parser->max_depth = max_depth;
  return parser;
}

void fj_parser_destroy(fj_parser *parser) { delete parser; }

size_t fj_max_rows(size_t length, size_t width) { return length / (2 * width + 1); }

namespace {

// After a body larger than this the parser gives its memory back.
constexpr size_t kept_capacity = 1 << 20;

/// One decoding: its input, and the first error.
struct Decoding {
  const char *body;
  size_t length, width, capacity, max_depth;
  float *rows;
  fj_predict_request *request;
  fj_error *error;
  bool has_rows = false;

  __attribute__((format(printf, 5, 6)))
  bool fail(fj_status status, const char *at, const char *path, const char *format, ...) {
    size_t offset = at >= body && at <= body + length ? static_cast<size_t>(at - body) : length;
    error->status = status;
    error->offset = offset;
    snprintf(error->path, sizeof error->path, "%s", path);
    char what[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    snprintf(error->message, sizeof error->message, "%s%s%s, at byte %zu", path, *path ? ": " : "", what, offset);
    return false;
  }

  static const char *reason(simdjson::error_code code) {
    switch (code) {
      case simdjson::EMPTY: return "it is empty";
      case simdjson::INCOMPLETE_ARRAY_OR_OBJECT: return "its last bracket is missing or not the last character";
      case simdjson::UNCLOSED_STRING: return "a string is not closed";
      case simdjson::STRING_ERROR: return "a malformed string";
      case simdjson::UNESCAPED_CHARS: return "a control character in a string";
      case simdjson::NUMBER_ERROR: return "a malformed number";
      default: return "a comma, colon or bracket is missing or superfluous";
    }
  }

  bool fail_syntax(simdjson::error_code code, const char *at, const char *path) {
    if (code == simdjson::MEMALLOC || code == simdjson::CAPACITY)
      return fail(FJ_MEMORY, at, path, "the body does not fit into memory; send fewer rows");
    if (code == simdjson::UTF8_ERROR) return fail(FJ_SYNTAX, at, path, "the body is not UTF-8; send JSON in UTF-8");
    return fail(FJ_SYNTAX, at, path, "the body is not valid JSON (%s)", reason(code));
  }

  /// What begins at `at`, in words.
  static const char *kind(const char *at) {
    switch (*at) {
      case '"': return "a string";
      case '[': return "an array";
      case '{': return "an object";
      case 't': case 'f': return "a boolean";
      case 'n': return "null";
      case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
        return "a number";
      default: return "no JSON value";
    }
  }

  static bool is_non_finite_token(std::string_view token) {
    if (!token.empty() && token[0] == '-') token.remove_prefix(1);
    return token.substr(0, 3) == "NaN" || token.substr(0, 8) == "Infinity";
  }

  bool fail_number(NumberResult result, std::string_view token, const char *path) {
    while (!token.empty() && (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' || token.back() == '\t'))
      token.remove_suffix(1);
    if (result == NumberResult::not_finite || is_non_finite_token(token))
      return fail(FJ_NON_FINITE, token.data(), path, "expected a finite Float32, found %.*s",
                  static_cast<int>(std::min<size_t>(token.size(), 24)), token.data());
    if (std::string_view(kind(token.data())) == "a number")
      return fail(FJ_SYNTAX, token.data(), path, "the body is not valid JSON (a malformed number)");
    return fail(FJ_TYPE, token.data(), path, "expected a number, found %s", kind(token.data()));
  }

  bool row(ondemand::value value, size_t index) {
    char path[64];
    auto name = [&] {
      if (request->single) snprintf(path, sizeof path, "instance");
      else snprintf(path, sizeof path, "instances[%zu]", index);
      return path;
    };
    const char *start = value.raw_json_token().data();
    ondemand::array numbers;
    auto code = value.get_array().get(numbers);
    if (code == simdjson::INCORRECT_TYPE)
      return fail(FJ_TYPE, start, name(), "expected an array of %zu numbers, found %s", width, kind(start));
    if (code) return fail_syntax(code, start, name());
    float *target = rows + index * width;
    size_t column = 0;
    for (auto element : numbers) {
      ondemand::value number;
      if ((code = element.get(number))) return fail_syntax(code, start, name());
      // Beyond the row's width there is nowhere to write; the columns are only counted.
      float ignored;
      std::string_view token = number.raw_json_token();
      auto result = read_number(token.data(), column < width ? target + column : &ignored);
      if (__builtin_expect(result != NumberResult::ok, 0)) {
        snprintf(path, sizeof path, request->single ? "instance[%zu]" : "instances[%zu][%zu]",
                 request->single ? column : index, column);
        return fail_number(result, token, path);
      }
      column++;
    }
    if (column != width)
      return fail(FJ_WIDTH, start, name(), "expected %zu numbers, found %zu", width, column);
    return true;
  }

  bool instances(ondemand::value value, bool is_single) {
    const char *start = value.raw_json_token().data();
    if (has_rows)
      return fail(FJ_VALUE, start, is_single ? "instance" : "instances", "rows are given twice; send \"instances\" or \"instance\", once");
    has_rows = true;
    request->single = is_single;
    if (is_single) {
      request->rows = 1;
      return row(value, 0);
    }
    ondemand::array list;
    auto code = value.get_array().get(list);
    if (code == simdjson::INCORRECT_TYPE)
      return fail(FJ_TYPE, start, "instances", "expected an array of rows of %zu numbers, found %s", width, kind(start));
    if (code) return fail_syntax(code, start, "instances");
    for (auto element : list) {
      ondemand::value one;
      if ((code = element.get(one))) return fail_syntax(code, start, "instances");
      if (request->rows >= capacity) {
        // Either there are too many rows, or this one is too short to be one: its width says which.
        const char *at = one.raw_json_token().data();
        size_t found = 0;
        ondemand::array numbers;
        if ((code = one.get_array().get(numbers)))
          return code == simdjson::INCORRECT_TYPE
                     ? fail(FJ_TYPE, at, "instances", "expected arrays of %zu numbers, found %s", width, kind(at))
                     : fail_syntax(code, at, "instances");
        for (auto number : numbers) {
          if ((code = number.error())) return fail_syntax(code, at, "instances");
          found++;
        }
        char path[64];
        snprintf(path, sizeof path, "instances[%zu]", request->rows);
        if (found != width) return fail(FJ_WIDTH, at, path, "expected %zu numbers, found %zu", width, found);
        return fail(FJ_TOO_MANY_ROWS, at, path, "expected at most %zu rows, found more", capacity);
      }
      if (!row(one, request->rows)) return false;
      request->rows++;
    }
    if (request->rows == 0) return fail(FJ_NO_ROWS, start, "instances", "expected at least one row, found none");
    return true;
  }

  bool outputs(ondemand::value value) {
    const char *start = value.raw_json_token().data();
    ondemand::array list;
    auto code = value.get_array().get(list);
    if (code == simdjson::INCORRECT_TYPE) return fail(FJ_TYPE, start, "outputs", "expected an array of names, found %s", kind(start));
    if (code) return fail_syntax(code, start, "outputs");
    request->has_outputs = true;
    for (auto element : list) {
      ondemand::value one;
      if ((code = element.get(one))) return fail_syntax(code, start, "outputs");
      const char *at = one.raw_json_token().data();
      std::string_view text;
      if ((code = one.get_string().get(text)))
        return fail(FJ_TYPE, at, "outputs", "expected names in quotes, found %s", kind(at));
      if (text == "scores") request->outputs |= FJ_SCORES;
      else if (text == "distances") request->outputs |= FJ_DISTANCES;
      else if (text == "contributions") request->outputs |= FJ_CONTRIBUTIONS;
      else if (text == "embedding") request->outputs |= FJ_EMBEDDING;
      else
        return fail(FJ_UNKNOWN_OUTPUT, at, "outputs", "expected scores, distances, contributions or embedding, found '%.*s'",
                    static_cast<int>(std::min<size_t>(text.size(), 32)), text.data());
    }
    return true;
  }

  bool reject(ondemand::value value) {
    const char *at = value.raw_json_token().data();
    std::string_view text;
    if (value.get_string().get(text))
      return fail(FJ_TYPE, at, "reject", "expected \"flag\", \"error\" or \"off\", found %s", kind(at));
    if (text == "flag") request->reject = FJ_REJECT_FLAG;
    else if (text == "error") request->reject = FJ_REJECT_ERROR;
    else if (text == "off") request->reject = FJ_REJECT_OFF;
    else return fail(FJ_VALUE, at, "reject", "expected \"flag\", \"error\" or \"off\", found '%.*s'",
                     static_cast<int>(std::min<size_t>(text.size(), 32)), text.data());
    return true;
  }

  bool top_k(ondemand::value value) {
    const char *at = value.raw_json_token().data();
    uint64_t count;
    if (value.get_uint64().get(count) || count == 0)
      return fail(FJ_VALUE, at, "top_k", "expected a whole number of classes from 1");
    request->has_top_k = true;
    request->top_k = static_cast<size_t>(std::min<uint64_t>(count, 1u << 20));
    return true;
  }

  bool false_reject_rate(ondemand::value value) {
    const char *at = value.raw_json_token().data();
    float narrow;
    if (read_number(at, &narrow) != NumberResult::ok || !(narrow > 0 && narrow < 1))
      return fail(FJ_VALUE, at, "false_reject_rate", "expected a number between 0 and 1");
    request->has_false_reject_rate = true;
    request->false_reject_rate = narrow;
    return true;
  }

  /// Walks over a member that nobody asked for; it must be JSON, and not too deep.
  bool skip(ondemand::value value, size_t depth) {
    const char *at = value.raw_json_token().data();
    if (depth > max_depth) return fail(FJ_TOO_DEEP, at, "", "nested too deep: expected at most %zu levels", max_depth);
    ondemand::json_type type;
    simdjson::error_code code = value.type().get(type);
    if (code) return fail_syntax(code, at, "");
    switch (type) {
      case ondemand::json_type::array: {
        ondemand::array list;
        if ((code = value.get_array().get(list))) return fail_syntax(code, at, "");
        for (auto element : list) {
          ondemand::value one;
          if ((code = element.get(one))) return fail_syntax(code, at, "");
          if (!skip(one, depth + 1)) return false;
        }
        return true;
      }
      case ondemand::json_type::object: {
        ondemand::object object;
        if ((code = value.get_object().get(object))) return fail_syntax(code, at, "");
        for (auto field : object) {
          ondemand::value one;
          if ((code = field.error()) || (code = field.value().get(one))) return fail_syntax(code, at, "");
          if (!skip(one, depth + 1)) return false;
        }
        return true;
      }
      case ondemand::json_type::string: {
        std::string_view text;
        if ((code = value.get_string().get(text))) return fail_syntax(code, at, "");
        return true;
      }
      case ondemand::json_type::number: {
        float number;  // 1e999 is JSON; nobody wants its value
        return read_number(at, &number) != NumberResult::malformed || fail_syntax(simdjson::NUMBER_ERROR, at, "");
      }
      case ondemand::json_type::boolean: {
        bool truth;
        if ((code = value.get_bool().get(truth))) return fail_syntax(code, at, "");
        return true;
      }
      case ondemand::json_type::null: {
        bool is_null;
        if ((code = value.is_null().get(is_null)) || !is_null) return fail_syntax(simdjson::N_ATOM_ERROR, at, "");
        return true;
      }
    }
    return fail_syntax(simdjson::TAPE_ERROR, at, "");
  }

  bool document(ondemand::parser &parser) {
    ondemand::document document;
    auto code = parser.iterate(body, length, length + FJ_PADDING).get(document);
    if (code) return fail_syntax(code, body, "");
    ondemand::object object;
    code = document.get_object().get(object);
    if (code == simdjson::INCORRECT_TYPE) {
      const char *at = body + std::strspn(body, " \t\r\n");
      if (at >= body + length) return fail_syntax(simdjson::EMPTY, body, "");
      if (std::string_view(kind(at)) == "no JSON value") return fail_syntax(simdjson::TAPE_ERROR, at, "");
      return fail(FJ_TYPE, at, "", "expected an object with \"instances\", found %s", kind(at));
    }
    if (code) return fail_syntax(code, body, "");
    const char *at = body;
    for (auto field : object) {
      std::string_view key;
      ondemand::value value;
      if ((code = field.error()) || (code = field.unescaped_key().get(key)) || (code = field.value().get(value)))
        return fail_syntax(code, at, "");
      at = value.raw_json_token().data();
      bool is_fine = key == "instances"           ? instances(value, false)
                     : key == "instance"          ? instances(value, true)
                     : key == "outputs"           ? outputs(value)
                     : key == "top_k"             ? top_k(value)
                     : key == "reject"            ? reject(value)
                     : key == "false_reject_rate" ? false_reject_rate(value)
                                                  : skip(value, 2);
      if (!is_fine) return false;
    }
    const char *rest;
    if (document.current_location().get(rest) != simdjson::OUT_OF_BOUNDS)
      return fail(FJ_SYNTAX, at, "", "the body is not valid JSON (more text behind the object)");
    if (!has_rows) return fail(FJ_MISSING, body, "", "expected \"instances\" (or \"instance\"), found neither");
    return true;
  }

  /// One row alone: an array, or an object with an "instance".
  bool lone_row(ondemand::parser &parser) {
    ondemand::document document;
    auto code = parser.iterate(body, length, length + FJ_PADDING).get(document);
    if (code) return fail_syntax(code, body, "");
    const char *at = body + std::strspn(body, " \t\r\n");
    request->single = true;
    if (*at == '{') {
      ondemand::object object;
      if ((code = document.get_object().get(object))) return fail_syntax(code, at, "");
      for (auto field : object) {
        std::string_view key;
        ondemand::value value;
        if ((code = field.error()) || (code = field.unescaped_key().get(key)) || (code = field.value().get(value)))
          return fail_syntax(code, at, "");
        at = value.raw_json_token().data();
        if (!(key == "instance" ? instances(value, true) : skip(value, 2))) return false;
      }
      if (!has_rows) return fail(FJ_MISSING, body, "", "expected an array of numbers or \"instance\", found neither");
    } else {
      ondemand::value value;
      if (*at != '[')
        return std::string_view(kind(at)) == "no JSON value"
                   ? fail_syntax(simdjson::TAPE_ERROR, at, "")
                   : fail(FJ_TYPE, at, "", "expected an array of %zu numbers or an object with \"instance\", found %s", width, kind(at));
      if ((code = document.get_value().get(value))) return fail_syntax(code, at, "");
      if (!row(value, 0)) return false;
    }
    const char *rest;
    if (document.current_location().get(rest) != simdjson::OUT_OF_BOUNDS)
      return fail(FJ_SYNTAX, at, "", "the line is not valid JSON (more text behind the row)");
    return true;
  }
};

}  // namespace

fj_status fj_decode_row(fj_parser *parser, const char *text, size_t length, size_t width, float *row, fj_error *error) {
  *error = {};
  fj_predict_request request = {};
  Decoding decoding{text, length, width, 1, parser->max_depth, row, &request, error};
  return decoding.lone_row(parser->parser) ? FJ_OK : error->status;
}

fj_status fj_decode_predict(fj_parser *parser, const char *body, size_t length, size_t width, size_t capacity, float *rows,
                            fj_predict_request *request, fj_error *error) {
  *request = {};
  *error = {};
  Decoding decoding{body, length, width, capacity, parser->max_depth, rows, request, error};
  bool is_fine = decoding.document(parser->parser);
  if (parser->parser.capacity() > kept_capacity) parser->parser = ondemand::parser();
  return is_fine ? FJ_OK : error->status;
}
