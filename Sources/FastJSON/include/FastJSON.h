#ifndef FAST_JSON_H
#define FAST_JSON_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// JSON requests → rows of floats, along the index of simdjson's first stage; floats and strings → JSON. No exception crosses this header.

// A parser is reused by one thread at a time.
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

// What a row is: [D], or [rows, columns] or [rows, columns, channels], which may come nested like that or flat.
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

// Reads the fields of a line of CSV (RFC 4180) into one row [width]; columns beyond `skipped_count` are not skipped. Blanks and quotes
// around a number, `+1`, `.5` and `1.` are fine; an error's path is the column, counted from 1. The line must be readable for FJ_PADDING bytes
// past its end, and a line's end or NUL must lie there.
fj_status fj_read_fields(const char *line, size_t length, char separator, const bool *skipped, size_t skipped_count, size_t width,
                         float *row, fj_error *error);

// The shortest decimal that reads back as the same Float32; at most 16 bytes. Returns how many.
size_t fj_write_float(char *out, float value);
// A JSON array of them; at most 17 n + 2 bytes.
size_t fj_write_floats(char *out, const float *values, size_t n);
// A JSON string, quoted and escaped; at most 6 n + 2 bytes.
size_t fj_write_string(char *out, const char *utf8, size_t n);

#ifdef __cplusplus
}
#endif

#endif
