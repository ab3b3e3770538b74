#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "Number.h"
#include "Parser.h"

size_t fj_max_rows(size_t length, size_t width) { return length / (2 * width + 1); }

namespace {

/// The body of a predict request, member by member.
struct PredictDecoder {
  Document document;
  const fj_shape shape;
  const size_t width, capacity;
  float *const rows;  // [capacity, width]
  fj_predict_request *const request;
  unsigned seen = 0;

  static constexpr const char *whole = "an object with \"instances\"";
  static constexpr const char *lone = "an array of numbers or an object with \"instance\"";

  enum Member : unsigned { rows_member = 1, outputs_member = 2, top_k_member = 4, reject_member = 8, rate_member = 16 };

  bool decode() {
    if (document.current() != '{') return document.fail_type(whole, "");
    if (!document.read_object("", [&](std::string_view name, size_t at) { return member(name, at); })) return false;
    if (!is_at_end()) return false;
    if (seen & rows_member) return true;
    return document.fail(FJ_MISSING, 0, "", "expected \"instances\" (or \"instance\"), found neither");
  }

  /// A row alone, or in an object that is searched for nothing else.
  bool decode_row() {
    request->single = true;
    if (document.current() == '[') return row(0) && is_at_end();
    return document.read_object("", [&](std::string_view name, size_t at) {
      if (name == "instance") return once(rows_member, "instance", at) && instance();
      return document.skip_value(1, "");
    }) && is_at_end() &&
           (seen & rows_member || document.fail(FJ_MISSING, 0, "", "expected an array of numbers or \"instance\", found neither"));
  }

  bool is_at_end() {
    return document.position == document.count ||
           document.fail(FJ_SYNTAX, document.offset(), "", "the body is not valid JSON: more text behind its end");
  }

  bool member(std::string_view name, size_t at) {
    if (name == "instances") return once(rows_member, "instances", at) && instances();
    if (name == "instance") return once(rows_member, "instance", at) && instance();
    if (name == "outputs") return once(outputs_member, "outputs", at) && outputs();
    if (name == "top_k") return once(top_k_member, "top_k", at) && top_k();
    if (name == "reject") return once(reject_member, "reject", at) && reject();
    if (name == "false_reject_rate") return once(rate_member, "false_reject_rate", at) && false_reject_rate();
    return document.skip_value(1, "");
  }

  bool once(unsigned bit, const char *name, size_t at) {
    if (!(seen & bit)) return seen |= bit, true;
    return bit == rows_member
               ? document.fail(FJ_VALUE, at, name, "rows are given twice; send \"instances\" or \"instance\", once")
               : document.fail(FJ_VALUE, at, name, "expected this member once, found a second one");
  }

  // MARK: Rows

  bool instance() {
    request->single = true;
    request->rows = 1;
    return row(0);
  }

  bool instances() {
    if (document.current() != '[') {
      char expected[48];
      snprintf(expected, sizeof expected, "an array of rows of %zu numbers", width);
      return document.fail_type(expected, "instances");
    }
    size_t at = document.offset();
    if (!document.read_array("instances", [&](size_t index) {
          if (index < capacity) return row(index);
          return document.current() == '[' ? beyond(index) : row(index);
        }))
      return false;
    return request->rows > 0 || document.fail(FJ_NO_ROWS, at, "instances", "expected at least one row, found none");
  }

  /// One row more than there is room for: either there are too many, or this one is too short to be one. Its numbers say which.
  bool beyond(size_t index) {
    size_t found = 0, depth = 0;
    for (uint32_t i = document.position; i < document.count; i++) {
      char c = document.body[document.marks[i]];
      if (c == '[' || c == '{') depth++;
      else if (c == ']' || c == '}') { if (--depth == 0) break; }
      else if (c != ',' && c != ':') found++;
    }
    if (found != width) return fail_row(index);
    char path[64];
    return document.fail(FJ_TOO_MANY_ROWS, document.offset(), row_path(path, index), "expected at most %zu rows, found more", capacity);
  }

  bool row(size_t index) {
    request->rows = std::max(request->rows, index + 1);
    float *cell = rows + index * width;
    char path[64];
    if (document.current() != '[') {
      char expected[48];
      snprintf(expected, sizeof expected, "an array of %zu numbers", width);
      return document.fail_type(expected, row_path(path, index));
    }
    uint32_t start = document.position;
    if (is_nested() ? nested(0, &cell) : numbers(width, &cell)) return true;
    document.position = start;
    return fail_row(index);
  }

  /// Whether the array that begins here holds arrays, as the model's input does.
  bool is_nested() const { return shape.rank > 1 && document.body[document.marks[document.position + 1]] == '['; }

  /// The flat array of `count` numbers that begins here. False where it is not exactly that; nothing is explained.
  bool numbers(size_t count, float **cells) {
    const char *body = document.body;
    const uint32_t *mark = document.marks + document.position + 1;
    float *cell = *cells, *const end = cell + count;
    for (;;) {
      const char *text = body + *mark;
      // The last mark is a bracket, so that the one behind a value is there; at it itself no number begins.
      if (*text == '}' || *text == ']') return false;
      mark++;
      if (*mark < 8 || !read_short_number(text, body + *mark, cell)) {
        const char *after = read_number(text, cell);
        if (!after || !document.ends_at(after, *mark) || !(std::fabs(*cell) <= __FLT_MAX__)) return false;
      }
      cell++;
      if (body[*mark++] != ',') break;
      if (cell == end) return false;
    }
    if (cell != end || body[mark[-1]] != ']') return false;
    *cells = cell;
    document.position = static_cast<uint32_t>(mark - document.marks);
    return true;
  }

  /// An array nested as the model's input shape says.
  bool nested(size_t level, float **cells) {
    if (document.current() != '[') return false;
    if (level + 1 == shape.rank) return numbers(shape.dimensions[level], cells);
    document.position++;
    for (size_t element = 0;; element++) {
      if (element == shape.dimensions[level] || !nested(level + 1, cells)) return false;
      if (document.current() == ']') return document.position++, element + 1 == shape.dimensions[level];
      if (document.current() != ',') return false;
      document.position++;
    }
  }

  // MARK: What is wrong with a row

  const char *row_path(char *path, size_t index) const {
    snprintf(path, 64, request->single ? "instance" : "instances[%zu]", index);
    return path;
  }

  /// Finds by a slower walk why the row that begins here was not read.
  bool fail_row(size_t index) {
    char path[64];
    row_path(path, index);
    size_t at = document.offset();
    return fail_list(path, is_nested() ? 0 : shape.rank - 1, is_nested() ? shape.dimensions[0] : width) &&
           document.fail(FJ_SYNTAX, at, path, "the body is not valid JSON");
  }

  /// Steps over the array of `count` elements of level `level` that begins here, or refuses what is wrong with it.
  bool fail_list(const char *path, size_t level, size_t count) {
    bool holds_numbers = level + 1 == shape.rank;
    size_t at = document.offset(), found = 0;
    if (document.current() != '[') {
      char expected[48];
      snprintf(expected, sizeof expected, "an array of %zu", count);
      return document.fail_type(expected, path);
    }
    if (!document.read_array(path, [&](size_t index) {
          char element[64];
          snprintf(element, sizeof element, "%s[%zu]", path, index);
          found++;
          return holds_numbers ? fail_number(element) : fail_list(element, level + 1, shape.dimensions[level + 1]);
        }))
      return false;
    return found == count || document.fail(FJ_WIDTH, at, path, "expected %zu %s%s, found %zu", count,
                                           holds_numbers ? "number" : "array", count == 1 ? "" : "s", found);
  }

  bool fail_number(const char *path) {
    const char *start = document.pointer();
    for (std::string_view token : {"NaN", "Infinity", "-Infinity"})
      if (std::string_view(start, token.size()) == token && document.ends_cleanly(start + token.size()))
        return document.fail(FJ_NON_FINITE, document.offset(), path, "expected a finite Float32, found %s", token.data());
    float value;
    const char *end = read_number(start, &value);
    if (end && document.ends_cleanly(end) && std::isinf(value))
      return document.fail(FJ_NON_FINITE, document.offset(), path, "expected a finite Float32, found %.*s",
                           static_cast<int>(std::min<ptrdiff_t>(end - start, 24)), start);
    const char *kind = kind_of_value(document.current());
    if (!kind || std::string_view(kind) != "a number") return document.fail_type("a number", path);
    return document.skip_scalar(path);
  }

  // MARK: Options

  bool outputs() {
    static const char *const names[] = {"scores", "distances", "contributions", "embedding"};
    if (document.current() != '[') return document.fail_type("an array of names", "outputs");
    request->has_outputs = true;
    return document.read_array("outputs", [&](size_t) {
      if (document.current() != '"') return document.fail_type("names in quotes", "outputs");
      size_t at = document.offset();
      std::string_view name;
      if (!document.read_string(buffer, &name, "outputs")) return false;
      unsigned bit = 0;
      for (unsigned i = 0; i < 4; i++) bit |= name == names[i] ? 1u << i : 0;
      request->outputs |= bit;
      return bit != 0 || document.fail(FJ_UNKNOWN_OUTPUT, at, "outputs",
                                       "expected scores, distances, contributions or embedding, found '%.*s'",
                                       static_cast<int>(std::min<size_t>(name.size(), 32)), name.data());
    });
  }

  bool reject() {
    if (document.current() != '"') return document.fail_type("\"flag\", \"error\" or \"off\"", "reject");
    size_t at = document.offset();
    std::string_view name;
    if (!document.read_string(buffer, &name, "reject")) return false;
    if (name == "flag") return request->reject = FJ_REJECT_FLAG, true;
    if (name == "error") return request->reject = FJ_REJECT_ERROR, true;
    if (name == "off") return request->reject = FJ_REJECT_OFF, true;
    return document.fail(FJ_VALUE, at, "reject", "expected \"flag\", \"error\" or \"off\", found '%.*s'",
                         static_cast<int>(std::min<size_t>(name.size(), 32)), name.data());
  }

  bool top_k() {
    const char *start = document.pointer();
    size_t at = document.offset();
    if (!document.skip_scalar("top_k")) return false;
    uint64_t count = 0;
    auto parsed = std::from_chars(start, document.body + document.length, count);
    bool is_whole = *start >= '1' && *start <= '9' && document.ends_at(parsed.ptr, document.offset());
    if (!is_whole) return document.fail(FJ_VALUE, at, "top_k", "expected a whole number of classes from 1");
    request->has_top_k = true;
    request->top_k = parsed.ec == std::errc() ? static_cast<size_t>(std::min<uint64_t>(count, 1u << 20)) : 1u << 20;
    return true;
  }

  bool false_reject_rate() {
    const char *start = document.pointer();
    size_t at = document.offset();
    if (!document.skip_scalar("false_reject_rate")) return false;
    double rate = 0;  // stays 0 for what is no number
    std::from_chars(start, document.body + document.length, rate);
    if (!(rate > 0 && rate < 1))
      return document.fail(FJ_VALUE, at, "false_reject_rate", "expected a number between 0 and 1");
    request->has_false_reject_rate = true;
    request->false_reject_rate = rate;
    return true;
  }

  // For the unescaped form of a short string.
  char buffer[64];
};

}  // namespace

fj_shape fj_shape_of(const long *dimensions, size_t rank) {
  fj_shape shape = {rank, {}};
  for (size_t level = 0; level < rank && level < FJ_MAX_RANK; level++) shape.dimensions[level] = static_cast<size_t>(dimensions[level]);
  return shape;
}

static size_t width_of(fj_shape shape) {
  size_t width = 1;
  for (size_t level = 0; level < shape.rank; level++) width *= shape.dimensions[level];
  return width;
}

fj_status fj_decode_predict(fj_parser *parser, const char *body, size_t length, fj_shape shape, size_t capacity, float *rows,
                            fj_predict_request *request, fj_error *error) {
  *request = {};
  *error = {};
  PredictDecoder decoder{{}, shape, width_of(shape), capacity, rows, request};
  return open_document(parser, body, length, PredictDecoder::whole, error, &decoder.document) && decoder.decode() ? FJ_OK : error->status;
}

fj_status fj_decode_row(fj_parser *parser, const char *text, size_t length, fj_shape shape, float *row, fj_error *error) {
  *error = {};
  fj_predict_request request = {};
  PredictDecoder decoder{{}, shape, width_of(shape), 1, row, &request};
  return open_document(parser, text, length, PredictDecoder::lone, error, &decoder.document) && decoder.decode_row() ? FJ_OK : error->status;
}
