#include <algorithm>
#include <charconv>

#include "Parser.h"
#include "Rows.h"

namespace {

/// The body of a predict request, member by member.
struct PredictDecoder {
  Document document;
  RowReader rows;
  json_predict_request *const request;
  unsigned seen = 0;

  static constexpr const char *whole = "an object with \"instances\"";
  static constexpr const char *lone = "an array of numbers or an object with \"instance\"";

  enum Member : unsigned { rows_member = 1, outputs_member = 2, top_k_member = 4, reject_member = 8, rate_member = 16 };

  bool decode() {
    if (document.current() != '{') return document.fail_type(whole, "");
    if (!document.read_object("", [&](std::string_view name, size_t at) { return member(name, at); })) return false;
    if (!document.is_at_end()) return false;
    request->rows = rows.count;
    request->single = rows.is_single;
    if (seen & rows_member) return true;
    return document.fail(JSON_MISSING, 0, "", "expected \"instances\" (or \"instance\"), found neither");
  }

  /// A row alone, or in an object that is searched for nothing else.
  bool decode_row() {
    if (document.current() == '[') return instance() && document.is_at_end();
    return document.read_object("", [&](std::string_view name, size_t at) {
      if (name == "instance") return once(rows_member, "instance", at) && instance();
      return document.skip_value(1, "");
    }) && document.is_at_end() &&
           (seen & rows_member || document.fail(JSON_MISSING, 0, "", "expected an array of numbers or \"instance\", found neither"));
  }

  bool member(std::string_view name, size_t at) {
    if (name == "instances") return once(rows_member, "instances", at) && rows.list();
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
               ? document.fail(JSON_VALUE, at, name, "rows are given twice; send \"instances\" or \"instance\", once")
               : document.fail(JSON_VALUE, at, name, "expected this member once, found a second one");
  }

  bool instance() {
    rows.is_single = true;
    rows.name = "instance";
    return rows.row(0);
  }

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
      return bit != 0 || document.fail(JSON_UNKNOWN_OUTPUT, at, "outputs",
                                       "expected scores, distances, contributions or embedding, found '%.*s'",
                                       shown(name), name.data());
    });
  }

  bool reject() {
    if (document.current() != '"') return document.fail_type("\"flag\", \"error\" or \"off\"", "reject");
    size_t at = document.offset();
    std::string_view name;
    if (!document.read_string(buffer, &name, "reject")) return false;
    if (name == "flag") return request->reject = JSON_REJECT_FLAG, true;
    if (name == "error") return request->reject = JSON_REJECT_ERROR, true;
    if (name == "off") return request->reject = JSON_REJECT_OFF, true;
    return document.fail(JSON_VALUE, at, "reject", "expected \"flag\", \"error\" or \"off\", found '%.*s'",
                         shown(name), name.data());
  }

  bool top_k() {
    const char *start = document.pointer();
    size_t at = document.offset();
    if (!document.skip_scalar("top_k")) return false;
    uint64_t count = 0;
    auto parsed = std::from_chars(start, document.body + document.length, count);
    bool is_whole = *start >= '1' && *start <= '9' && document.ends_at(parsed.ptr, document.offset());
    if (!is_whole) return document.fail(JSON_VALUE, at, "top_k", "expected a whole number of classes from 1");
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
      return document.fail(JSON_VALUE, at, "false_reject_rate", "expected a number between 0 and 1");
    request->has_false_reject_rate = true;
    request->false_reject_rate = rate;
    return true;
  }

  // For the unescaped form of a short string.
  char buffer[JSON_MAX_NAME];
};

}  // namespace

json_status json_decode_predict(json_parser *parser, const char *body, size_t length, json_shape shape, size_t capacity, float *rows,
                            json_predict_request *request, json_error *error) {
  *request = {};
  *error = {};
  PredictDecoder decoder{{}, {&decoder.document, shape, width_of(shape), capacity, rows, "instances"}, request};
  return open_document(parser, body, length, PredictDecoder::whole, error, &decoder.document) && decoder.decode() ? JSON_OK : error->status;
}

json_status json_decode_row(json_parser *parser, const char *text, size_t length, json_shape shape, float *row, json_error *error) {
  *error = {};
  json_predict_request request = {};
  PredictDecoder decoder{{}, {&decoder.document, shape, width_of(shape), 1, row, "instance"}, &request};
  return open_document(parser, text, length, PredictDecoder::lone, error, &decoder.document) && decoder.decode_row() ? JSON_OK : error->status;
}
