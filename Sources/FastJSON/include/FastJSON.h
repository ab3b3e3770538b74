#ifndef FAST_JSON_H
#define FAST_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// JSON requests → rows of floats, along the index of simdjson's first stage; floats and strings → JSON. No exception crosses this header.

// A parser is reused by one thread at a time. A UTF-8 byte order mark at the beginning of a text is ignored (RFC 8259, section 8.1);
// offsets count its bytes.
typedef struct fj_parser fj_parser;

// A body must be readable for this many bytes past its end.
enum { FJ_PADDING = 64 };

typedef enum {
  FJ_OK,
  FJ_SYNTAX,          // not JSON
  FJ_TYPE,            // a value of another type than expected
  FJ_WIDTH,           // a row of another width than expected
  FJ_NO_ROWS,
  FJ_TOO_MANY_ROWS,
  FJ_NON_FINITE,      // a number that is not finite as Float32
  FJ_TOO_DEEP,
  FJ_UNKNOWN_OUTPUT,
  FJ_MISSING,         // neither "instances" nor "instance"
  FJ_VALUE,           // a value out of its range, or given twice
  FJ_MEMORY
} fj_status;

// Bits of fj_predict_request.outputs.
enum { FJ_SCORES = 1, FJ_DISTANCES = 2, FJ_CONTRIBUTIONS = 4, FJ_EMBEDDING = 8 };

typedef enum { FJ_REJECT_FLAG, FJ_REJECT_ERROR, FJ_REJECT_OFF } fj_reject;

typedef struct {
  size_t rows;
  bool single;  // "instance" instead of "instances"
  bool has_outputs;
  unsigned outputs;
  bool has_top_k;
  size_t top_k;
  fj_reject reject;
  bool has_false_reject_rate;
  double false_reject_rate;  // in (0, 1)
} fj_predict_request;

typedef struct {
  fj_status status;
  size_t offset;      // of the byte that is wrong
  char path[64];      // such as instances[3][17]; empty: the document
  char message[256];  // one sentence
} fj_error;

// What a row is: [D], or [rows, columns] or [rows, columns, channels]. A row of an image may come flat, nested as its shape is, without
// a last dimension of 1, and, of [rows, columns], with one more of 1: as Keras takes it. How deep it is nested says which of these it is.
enum { FJ_MAX_RANK = 3 };
typedef struct {
  size_t rank;
  size_t dimensions[FJ_MAX_RANK];
} fj_shape;
fj_shape fj_shape_of(const long *dimensions, size_t rank);

// NULL without memory. Values nested deeper than max_depth are refused.
fj_parser *fj_parser_create(size_t max_depth);
void fj_parser_destroy(fj_parser *parser);

// An upper bound of the rows that a body of `length` bytes can hold: D numbers, D - 1 commas and two brackets are 2D + 1 bytes.
size_t fj_max_rows(size_t length, size_t width);

// Decodes {"instances":[[…D numbers…],…]} or {"instance":[…]}, with the optional members of /predict, straight into rows
// [capacity, D], capacity >= 1, D the product of the shape's dimensions. Each number is the correctly rounded Float32 of its text. Unknown members are skipped.
fj_status fj_decode_predict(fj_parser *parser, const char *body, size_t length, fj_shape shape, size_t capacity, float *rows,
                            fj_predict_request *request, fj_error *error);

// Decodes one row [D]: `[…D numbers…]`, flat or nested, or {"instance":[…]} whose other members are skipped.
fj_status fj_decode_row(fj_parser *parser, const char *text, size_t length, fj_shape shape, float *row, fj_error *error);

// What a model takes and gives, by the names of the protocols that name tensors.
enum { FJ_MAX_OUTPUTS = 4, FJ_MAX_NAME = 128 };
typedef struct {
  fj_shape shape;
  size_t max_rows;
  const char *input;
  // Another name of the input, in UTF-8; 0 bytes: it has none.
  char input_alias[FJ_MAX_NAME];
  size_t input_alias_length;
  const char *outputs[FJ_MAX_OUTPUTS];
  size_t output_count;
} fj_signature;

typedef enum {
  FJ_FP32, FJ_FP64, FJ_FP16, FJ_BF16, FJ_UINT8, FJ_UINT16, FJ_UINT32, FJ_UINT64, FJ_INT8, FJ_INT16, FJ_INT32, FJ_INT64, FJ_BOOL, FJ_BYTES
} fj_datatype;
// Bytes of an element; 0: it has no fixed size.
size_t fj_size_of(fj_datatype datatype);

typedef struct {
  size_t tensor;          // in fj_signature.outputs
  bool is_binary;
  size_t classification;  // how many classes; 0: the tensor itself
} fj_requested_output;

typedef struct {
  size_t rows;
  fj_datatype datatype;
  bool is_binary;          // the tensor follows the JSON, in so many bytes
  size_t binary_size;
  size_t id_offset;        // of the id as a JSON string, quotes included
  size_t id_length;        // 0: none, or an empty one
  size_t output_count;     // 0: all, in the form that binary_data_output says
  fj_requested_output outputs[FJ_MAX_OUTPUTS];
  bool binary_data_output;
  uint64_t timeout;        // in microseconds; 0: none
} fj_infer_request;

// Decodes the JSON of an Open Inference request. A tensor in it goes straight into rows [capacity, D], capacity >= 1, as the type that it
// says; NaN, Infinity and -Infinity are numbers. Of a binary one only the description is read.
fj_status fj_decode_infer(fj_parser *parser, const char *json, size_t length, const fj_signature *signature, size_t capacity, float *rows,
                          fj_infer_request *request, fj_error *error);

typedef struct {
  bool only_ready;    // "ready"
  bool has_override;  // of the model's configuration or files
} fj_repository_request;

// Decodes the body of a request about the model repository.
fj_status fj_decode_repository(fj_parser *parser, const char *body, size_t length, fj_repository_request *request, fj_error *error);

typedef enum { FJ_SERVING_DEFAULT, FJ_SERVING_DISTANCES, FJ_SERVING_ALL, FJ_SERVING_UNKNOWN } fj_serving_signature;

typedef struct {
  size_t rows;
  bool is_columnar;  // "inputs" instead of "instances"
  fj_serving_signature signature;
  size_t signature_at;  // the offset of its name
} fj_serving_request;

// Decodes a predict request of TensorFlow Serving's, or one to classify ("examples"), straight into rows [capacity, D]. NaN, Infinity
// and -Infinity are numbers.
fj_status fj_decode_serving(fj_parser *parser, const char *body, size_t length, const fj_signature *signature, bool is_classify, size_t capacity, float *rows,
                            fj_serving_request *request, fj_error *error);

// What TensorFlow Serving looks at before it looks for the model: that the body is a JSON object, and its signature's name a string.
fj_status fj_check_serving(fj_parser *parser, const char *body, size_t length, fj_error *error);

// Reads the fields of a line of CSV (RFC 4180) into one row [width]; columns beyond `skipped_count` are not skipped. The separator ' ' is
// any run of blanks and tabs. Blanks and quotes around a number, `+1`, `.5` and `1.` are fine; an error's path is the column, counted
// from 1; FJ_SYNTAX is a quote that does not close, so that nobody knows where the row ends. The line must be readable for FJ_PADDING
// bytes past its end, and a line's end or NUL must lie there.
fj_status fj_read_fields(const char *line, size_t length, char separator, const bool *skipped, size_t skipped_count, size_t width,
                         float *row, fj_error *error);

// A piece of a text that somebody else owns; NULL: there is none.
typedef struct {
  const char *text;
  size_t length;
  bool is_quoted;  // of a CSV field: "" in it stands for one quote
} fj_text;

// Finds the texts of some columns, counted from 0, in a line that fj_read_fields has read; without the blanks and quotes around them.
// Returns the number of fields.
size_t fj_find_fields(const char *line, size_t length, char separator, const size_t *columns, size_t count, fj_text *found);

// Whether a field stands for a value that is not there: nothing, NA, nan, null, ?, - and the like, in upper or lower case.
bool fj_is_missing_value(const char *text, size_t length);

// Whether a field is a number but for a comma in the place of its decimal point.
bool fj_has_decimal_comma(const char *text, size_t length);

// Finds members of a JSON object by their names, and their values as they are written. FJ_MISSING: the text is no object; FJ_VALUE: a member
// is there twice. A member that is not there has no text.
fj_status fj_find_members(fj_parser *parser, const char *text, size_t length, const fj_text *names, size_t count, fj_text *found, fj_error *error);

// Writes what the JSON string at `json`, quotes included, which has been validated, stands for; at most `length` bytes. Returns how many.
size_t fj_unescape(char *out, const char *json, size_t length);

// At most 20 bytes. Returns how many.
size_t fj_write_integer(char *out, int64_t value);
// The shortest decimal that reads back as the same Float32; at most 16 bytes. Returns how many.
size_t fj_write_float(char *out, float value);
// A JSON array of them; at most 17 n + 2 bytes.
size_t fj_write_floats(char *out, const float *values, size_t n);
// The same with the number marked as a real one: 1.0, not 1; at most 18 bytes, and 19 n + 2.
size_t fj_write_real(char *out, float value);
size_t fj_write_reals(char *out, const float *values, size_t n);
// A JSON string, quoted and escaped; at most 6 n + 2 bytes.
size_t fj_write_string(char *out, const char *utf8, size_t n);

#ifdef __cplusplus
}
#endif

#endif
