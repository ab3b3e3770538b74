#include <charconv>
#include <cstdio>

#include "InputName.h"
#include "Parser.h"
#include "Rows.h"

// The JSON of an Open Inference request: one input tensor, flat or nested in any way, or a description of the bytes behind the JSON.

namespace {

struct Datatype {
  const char *name;
  json_datatype value;
};

/// By name. BOOL and BYTES are known, so that they are refused by what they are.
constexpr Datatype datatypes[] = {
    {"FP32", JSON_FP32}, {"FP64", JSON_FP64}, {"FP16", JSON_FP16}, {"BF16", JSON_BF16}, {"UINT8", JSON_UINT8}, {"UINT16", JSON_UINT16}, {"UINT32", JSON_UINT32},
    {"UINT64", JSON_UINT64}, {"INT8", JSON_INT8}, {"INT16", JSON_INT16}, {"INT32", JSON_INT32}, {"INT64", JSON_INT64}, {"BOOL", JSON_BOOL}, {"BYTES", JSON_BYTES}};

/// The whole number at `text` as a float; null unless it is an `Integer`.
template <typename Integer>
const char *read_integer(const char *text, const char *, float *out) {
  const char *digits = text + (*text == '-');
  if (digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') return nullptr;
  Integer value;
  auto parsed = std::from_chars(text, text + 24, value);
  if (parsed.ec != std::errc()) return nullptr;
  *out = static_cast<float>(value);
  return parsed.ptr;
}

struct InferDecoder {
  Document document;
  const json_signature *const signature;
  const size_t width, capacity;
  float *const rows;
  json_infer_request *const request;

  // What the input says of itself, in whatever order.
  bool has_datatype = false, has_shape = false, has_data = false;
  size_t rank = 0, shape_at = 0, data_at = 0;
  uint64_t dimensions[JSON_MAX_RANK + 1] = {};
  size_t values = 0;
  uint32_t data_position = 0;
  bool is_data_read = false;

  bool decode() {
    if (document.current() != '{') return document.fail_type("an object with \"inputs\"", "");
    bool seen_id = false, seen_inputs = false, seen_outputs = false, seen_parameters = false;
    return document.read_object("", [&](std::string_view name, size_t) {
      // Of members given twice the first counts.
      if (name == "id" && !seen_id) return seen_id = true, id();
      if (name == "inputs" && !seen_inputs) return seen_inputs = true, inputs();
      if (name == "outputs" && !seen_outputs) return seen_outputs = true, outputs();
      if (name == "parameters" && !seen_parameters) return seen_parameters = true, parameters();
      return document.skip_value(1, "");
    }) && document.is_at_end() &&
           (seen_inputs || document.fail(JSON_MISSING, 0, "", "expected \"inputs\", a list of one tensor %s, found none", InputNames(*signature).text));
  }

  // MARK: The request

  bool id() {
    if (document.current() != '"') return document.fail_type("a string", "id");
    const char *start = document.pointer();
    std::string_view text;
    if (!document.read_string(buffer, &text, "id")) return false;
    const char *end = start + 1;
    while (*end != '"') end += *end == '\\' ? 2 : 1;
    if (end == start + 1) return true;
    request->id_offset = static_cast<size_t>(start - document.body);
    request->id_length = static_cast<size_t>(end + 1 - start);
    return true;
  }

  bool parameters() {
    if (document.current() != '{') return document.fail_type("an object", "parameters");
    bool ignored;
    uint64_t number;
    return document.read_object("parameters", [&](std::string_view name, size_t at) {
      if (name == "binary_data_output") return document.read_bool(&request->binary_data_output, "parameters.binary_data_output");
      if (name == "timeout") return document.read_whole(&request->timeout, "parameters.timeout");
      if (name == "priority") return document.read_whole(&number, "parameters.priority");
      if (name == "sequence_id" && document.current() != '"') return document.read_whole(&number, "parameters.sequence_id");
      if (name == "sequence_start") return document.read_bool(&ignored, "parameters.sequence_start");
      if (name == "sequence_end") return document.read_bool(&ignored, "parameters.sequence_end");
      if (name.substr(0, 7) == "triton_")
        return document.fail(JSON_VALUE, at, "parameters", "names that begin with triton_ are reserved; choose another");
      char first = document.current();
      if (first == '[' || first == '{' || first == 'n')
        return document.fail_type("a string, a number or a boolean", "parameters");
      return document.skip_scalar("parameters");
    });
  }

  // MARK: Inputs

  bool inputs() {
    if (document.current() != '[') return document.fail_type("a list of one tensor", "inputs");
    size_t at = document.offset(), found = 0;
    return document.read_array("inputs", [&](size_t index) {
      found++;
      if (document.current() != '{') return document.fail_type("an object", "inputs[0]");
      if (index > 0) return document.fail(JSON_VALUE, document.offset(), "inputs[1]", "expected one input, %s, found a second one", InputNames(*signature).text);
      return input();
    }) && (found > 0 || document.fail(JSON_MISSING, at, "inputs", "expected one input, %s, found none", InputNames(*signature).text));
  }

  bool input() {
    size_t at = document.offset();
    bool has_name = false, has_parameters = false;
    return document.read_object("inputs[0]", [&](std::string_view name, size_t member_at) {
      if (name == "name" && !has_name) return has_name = true, input_name();
      if (name == "datatype" && !has_datatype) return has_datatype = true, datatype();
      if (name == "shape" && !has_shape) return has_shape = true, shape();
      if (name == "parameters" && !has_parameters) return has_parameters = true, input_parameters();
      if (name == "data" && !has_data) return has_data = true, data_at = member_at, data();
      return document.skip_value(3, "inputs[0]");
    }) && check_input(at, has_name);
  }

  bool input_name() {
    if (document.current() != '"') return document.fail_type("a string", "inputs[0].name");
    size_t at = document.offset();
    std::string_view name;
    if (!document.read_string(buffer, &name, "inputs[0].name")) return false;
    return is_input(*signature, name) || document.fail(JSON_VALUE, at, "inputs[0].name", "expected %s, found '%.*s'",
                                                       InputNames(*signature).text, shown(name), name.data());
  }

  bool datatype() {
    if (document.current() != '"') return document.fail_type("a string", "inputs[0].datatype");
    size_t at = document.offset();
    std::string_view name;
    if (!document.read_string(buffer, &name, "inputs[0].datatype")) return false;
    for (const Datatype &datatype : datatypes) {
      if (name != datatype.name || datatype.value == JSON_BOOL || datatype.value == JSON_BYTES) continue;
      return request->datatype = datatype.value, true;
    }
    return document.fail(JSON_VALUE, at, "inputs[0].datatype", "expected FP32, FP64, FP16, BF16, INT8 to INT64 or UINT8 to UINT64, found '%.*s'",
                         shown(name), name.data());
  }

  bool shape() {
    if (document.current() != '[') return document.fail_type("a list of whole numbers", "inputs[0].shape");
    shape_at = document.offset();
    return document.read_array("inputs[0].shape", [&](size_t index) {
      uint64_t dimension;
      if (!document.read_whole(&dimension, "inputs[0].shape")) return false;
      if (index <= JSON_MAX_RANK) dimensions[index] = dimension;
      return rank = index + 1, true;
    });
  }

  bool input_parameters() {
    if (document.current() != '{') return document.fail_type("an object", "inputs[0].parameters");
    return document.read_object("inputs[0].parameters", [&](std::string_view name, size_t at) {
      if (name == "binary_data_size") {
        request->is_binary = true;
        uint64_t size;
        if (!document.read_whole(&size, "inputs[0].parameters.binary_data_size")) return false;
        return request->binary_size = static_cast<size_t>(size), true;
      }
      if (name.substr(0, 14) == "shared_memory_")
        return document.fail(JSON_VALUE, at, "inputs[0].parameters", "shared memory is not offered; send the tensor as data or as binary");
      return document.skip_value(3, "inputs[0].parameters");
    });
  }

  /// Reads the tensor at once where its datatype is known, and otherwise when it is.
  bool data() {
    if (document.current() != '[') return document.fail_type("an array of numbers", "inputs[0].data");
    data_position = document.position;
    if (!has_datatype) return document.skip_value(3, "inputs[0].data");
    return is_data_read = true, read_data();
  }

  bool read_data() {
    switch (request->datatype) {
      case JSON_FP32: case JSON_FP64:
        return read_values([&](const char *text, const char *next, float *out) {
          // The eight bytes before `next` are read.
          return next - document.body >= 8 && read_short_number(text, next, out) ? next : document.read_float(text, out);
        });
      case JSON_UINT8: return read_values(read_integer<uint8_t>);
      case JSON_UINT16: return read_values(read_integer<uint16_t>);
      case JSON_UINT32: return read_values(read_integer<uint32_t>);
      case JSON_UINT64: return read_values(read_integer<uint64_t>);
      case JSON_INT8: return read_values(read_integer<int8_t>);
      case JSON_INT16: return read_values(read_integer<int16_t>);
      case JSON_INT32: return read_values(read_integer<int32_t>);
      case JSON_INT64: return read_values(read_integer<int64_t>);
      case JSON_FP16: case JSON_BF16: case JSON_BOOL: case JSON_BYTES: break;
    }
    return document.fail(JSON_VALUE, data_at, "inputs[0].data", "%s has no form in JSON; send it as binary, or as FP32", datatype_name());
  }

  /// The numbers of the array that begins here, depth first, whatever the brackets between them. Those beyond the capacity are only counted.
  template <typename Read>
  bool read_values(Read read) {
    const char *const body = document.body;
    const uint32_t *mark = document.marks + document.position;
    float *cell = rows, *const end = rows + capacity * width;
    float beyond;
    size_t depth = 0;
    // Stands at an element. The document's last mark is the bracket of an object, at which this ends.
    for (;;) {
      const char *text = body + *mark;
      if (*text == '[') {
        if (++depth > document.max_depth) return fail_value(mark);
        mark++;
        if (body[*mark] != ']') continue;
      } else {
        float *out = cell < end ? cell : &beyond;
        // At the last mark no number begins.
        const char *after = *text == '}' ? nullptr : read(text, body + mark[1], out);
        if (!after || !document.ends_at(after, mark[1])) return fail_value(mark);
        if (cell < end) cell++;
        values++;
        mark++;
      }
      while (body[*mark] == ']') {
        mark++;
        if (--depth == 0) return document.position = static_cast<uint32_t>(mark - document.marks), true;
      }
      if (body[*mark] != ',') {
        document.position = static_cast<uint32_t>(mark - document.marks);
        return document.fail_syntax("',' or ']'", "inputs[0].data");
      }
      mark++;
    }
  }

  bool fail_value(const uint32_t *mark) {
    document.position = static_cast<uint32_t>(mark - document.marks);
    char path[64];
    snprintf(path, sizeof path, "inputs[0].data, number %zu", values + 1);
    if (document.current() == '[')
      return document.fail(JSON_TOO_DEEP, document.offset(), path, "nested too deep: expected at most %zu levels", document.max_depth);
    const char *kind = document.kind_of_value(document.current());
    if (!kind || std::string_view(kind) != "a number") return document.fail_type("a number", path);
    size_t at = document.offset();
    const char *text = document.pointer();
    if (!document.skip_scalar(path)) return false;
    return document.fail(JSON_TYPE, at, path, "expected a whole number in the range of %s, found %.*s", datatype_name(), shown_scalar(text), text);
  }

  const char *datatype_name() const {
    for (const Datatype &datatype : datatypes)
      if (datatype.value == request->datatype) return datatype.name;
    return "";
  }

  bool check_input(size_t at, bool has_name) {
    const char *missing = !has_name ? "name" : !has_shape ? "shape" : !has_datatype ? "datatype" : nullptr;
    if (missing) return document.fail(JSON_MISSING, at, "inputs[0]", "expected \"name\", \"shape\" and \"datatype\", found no \"%s\"", missing);
    if (has_data == request->is_binary)
      return document.fail(JSON_VALUE, at, "inputs[0]", "expected either \"data\" or the parameter \"binary_data_size\", found %s", has_data ? "both" : "neither");
    if (!check_shape()) return false;
    if (request->is_binary) return true;
    if (!is_data_read) {
      uint32_t behind = document.position;
      document.position = data_position;
      if (!read_data()) return false;
      document.position = behind;
    }
    size_t expected = request->rows * width;
    return values == expected ||
           document.fail(JSON_WIDTH, data_at, "inputs[0].data", "expected %zu numbers for %zu rows of %zu, found %zu", expected, request->rows, width, values);
  }

  /// [N, D] for whatever model, or [N, …] with the dimensions of another form of its rows.
  bool check_shape() {
    json_shape form;
    bool fits = rank > 1 && form_of(signature->shape, rank - 1, &form);
    for (size_t level = 0; fits && level < form.rank; level++) fits = dimensions[level + 1] == form.dimensions[level];
    if (!fits) {
      char found[96] = "";
      size_t end = 0;
      for (size_t level = 0; level < rank && level <= JSON_MAX_RANK && end < sizeof found; level++)
        end += static_cast<size_t>(snprintf(found + end, sizeof found - end, level ? ",%llu" : "%llu", static_cast<unsigned long long>(dimensions[level])));
      return document.fail(JSON_WIDTH, shape_at, "inputs[0].shape", "expected %s, found [%s%s]", FormList(signature->shape, true).text, found,
                           rank > JSON_MAX_RANK + 1 ? ",..." : "");
    }
    if (dimensions[0] == 0) return document.fail(JSON_NO_ROWS, shape_at, "inputs[0].shape", "expected at least one row, found none");
    if (dimensions[0] > signature->max_rows)
      return document.fail(JSON_TOO_MANY_ROWS, shape_at, "inputs[0].shape", "the batch size must be at most %zu, found %llu", signature->max_rows,
                           static_cast<unsigned long long>(dimensions[0]));
    request->rows = static_cast<size_t>(dimensions[0]);
    return true;
  }

  // MARK: Outputs

  bool outputs() {
    if (document.current() != '[') return document.fail_type("a list of outputs", "outputs");
    return document.read_array("outputs", [&](size_t index) {
      char path[32];
      snprintf(path, sizeof path, "outputs[%zu]", index);
      if (document.current() != '{') return document.fail_type("an object with \"name\"", path);
      return output(path);
    });
  }

  bool output(const char *path) {
    size_t at = document.offset();
    json_requested_output asked = {};
    bool has_name = false, has_parameters = false;
    if (!document.read_object(path, [&](std::string_view name, size_t) {
          if (name == "name" && !has_name) return has_name = true, output_name(path, &asked);
          if (name == "parameters" && !has_parameters) return has_parameters = true, output_parameters(path, &asked);
          return document.skip_value(3, path);
        }))
      return false;
    if (!has_name) return document.fail(JSON_MISSING, at, path, "expected \"name\", found none");
    for (size_t i = 0; i < request->output_count; i++)
      if (request->outputs[i].tensor == asked.tensor)
        return document.fail(JSON_VALUE, at, path, "output '%s' is asked for twice", signature->outputs[asked.tensor]);
    // No name twice, and no more names than places.
    request->outputs[request->output_count++] = asked;
    return true;
  }

  bool output_name(const char *path, json_requested_output *asked) {
    if (document.current() != '"') return document.fail_type("a string", path);
    size_t at = document.offset();
    std::string_view name;
    if (!document.read_string(buffer, &name, path)) return false;
    for (size_t i = 0; i < signature->output_count; i++)
      if (name == signature->outputs[i]) return asked->tensor = i, true;
    char known[96] = "";
    size_t end = 0;
    for (size_t i = 0; i < signature->output_count && end < sizeof known; i++)
      end += static_cast<size_t>(snprintf(known + end, sizeof known - end, i ? ", %s" : "%s", signature->outputs[i]));
    return document.fail(JSON_UNKNOWN_OUTPUT, at, path, "expected one of %s, found '%.*s'", known,
                         shown(name), name.data());
  }

  bool output_parameters(const char *path, json_requested_output *asked) {
    if (document.current() != '{') return document.fail_type("an object", path);
    return document.read_object(path, [&](std::string_view name, size_t at) {
      if (name == "binary_data") return document.read_bool(&asked->is_binary, path);
      if (name == "classification") {
        uint64_t count;
        if (!document.read_whole(&count, path)) return false;
        return asked->classification = static_cast<size_t>(count < 1u << 20 ? count : 1u << 20), true;
      }
      if (name.substr(0, 14) == "shared_memory_")
        return document.fail(JSON_VALUE, at, path, "shared memory is not offered; take the tensor as data or as binary");
      return document.skip_value(3, path);
    });
  }

  // For the unescaped form of a short string.
  char buffer[JSON_MAX_NAME];
};

}  // namespace

json_status json_decode_infer(json_parser *parser, const char *json, size_t length, const json_signature *signature, size_t capacity, float *rows,
                          json_infer_request *request, json_error *error) {
  *request = {};
  *error = {};
  InferDecoder decoder{{}, signature, width_of(signature->shape), capacity, rows, request};
  if (!open_document(parser, json, length, "an object with \"inputs\"", error, &decoder.document)) return error->status;
  decoder.document.takes_non_finite = true;
  return decoder.decode() ? JSON_OK : error->status;
}

size_t json_size_of(json_datatype datatype) {
  switch (datatype) {
    case JSON_UINT8: case JSON_INT8: case JSON_BOOL: return 1;
    case JSON_UINT16: case JSON_INT16: case JSON_FP16: case JSON_BF16: return 2;
    case JSON_FP32: case JSON_UINT32: case JSON_INT32: return 4;
    case JSON_FP64: case JSON_UINT64: case JSON_INT64: return 8;
    case JSON_BYTES: break;
  }
  return 0;
}
