#ifndef JSON_CORE_H
#define JSON_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// JSON texts → their pieces and rows of floats, along the index of simdjson's first stage; floats and strings → JSON.
// It knows no protocol: what a text should be, and what is wrong with it, its callers say. No exception crosses this
// header.

// A text must be readable for so many bytes past its end.
enum { JSON_PADDING = 64 };

typedef enum {
  JSON_OK,
  JSON_SYNTAX,  // not JSON
  JSON_TYPE,    // a value of another type than expected
  JSON_WIDTH,   // a row of another width than expected
  JSON_NO_ROWS,
  JSON_TOO_MANY_ROWS,
  JSON_NON_FINITE,  // a number that is not finite as Float32
  JSON_TOO_DEEP,
  JSON_VALUE,  // a value out of its range
  JSON_MEMORY
} json_status;

typedef struct {
  json_status status;
  size_t offset;      // of the byte that is wrong
  char path[64];      // such as instances[3][17]
  char message[256];  // one sentence
} json_error;

// MARK: A walk over a text

// Reads one text after another, used by one thread at a time. It stands before a value, a member or an element; each
// call steps over what it names, or fails: then json_failure says why, and no other call is made before the next
// json_open. A UTF-8 byte order mark at the beginning of a text is ignored (RFC 8259, section 8.1); offsets count its
// bytes.
typedef struct json_cursor json_cursor;

// NULL without memory. Values nested deeper than max_depth are refused.
json_cursor *json_create(size_t max_depth);
void json_destroy(json_cursor *cursor);

// Of the call that failed last. Its path is empty unless the call was given a path or rows with a name: a sentence
// begins with its path.
const json_error *json_failure(const json_cursor *cursor);

// Indexes a text, which stays where it is until it has been read, and stands at its one value, which must be an object
// or an array; `expected` says what it should be. With takes_non_finite NaN, Infinity and -Infinity are numbers, as
// Python writes them, and those beyond Float32 are infinite.
bool json_open(json_cursor *cursor, const char *text, size_t length, bool takes_non_finite, const char *expected);
// Refuses whatever follows the value.
bool json_finish(json_cursor *cursor);

// A piece of the text, or of the cursor's memory: valid until the cursor's next call.
typedef struct {
  const char *start;
  size_t length;
  size_t offset;  // in the text
} json_span;

typedef enum { JSON_FAILED = -1, JSON_END = 0, JSON_NEXT = 1 } json_step;

// The first byte of the value that begins here (ahead 0), or, where an array begins, of its first element (ahead 1); 0
// at the text's end.
char json_peek(const json_cursor *cursor, size_t ahead);

// An object's members, one by one: JSON_NEXT stands at the value of `name`. JSON_END has stepped over the whole object.
bool json_begin_object(json_cursor *cursor, const char *expected, size_t *offset);
json_step json_next_member(json_cursor *cursor, json_span *name);

// An array's elements, one by one.
bool json_begin_array(json_cursor *cursor, const char *expected, size_t *offset);
json_step json_next_element(json_cursor *cursor);

// Any value; `text`, unless it is NULL, becomes the value as it is written.
bool json_skip(json_cursor *cursor, json_span *text);
// A string. What it stands for may lie in the cursor; of one with escapes that has more than JSON_MAX_NAME bytes it is
// the beginning, and a byte behind it that no name has.
enum { JSON_MAX_NAME = 1024 };
bool json_read_string(json_cursor *cursor, const char *expected, json_span *text);
bool json_read_bool(json_cursor *cursor, bool *value);
// A whole number from 0 to 2^64 - 1, without sign, point or exponent.
bool json_read_whole(json_cursor *cursor, uint64_t *value);
// A number, a string or a literal. As a count: 0 unless it is a whole number as above; those beyond are 2^64 - 1. As a
// real number: NaN unless it is one. `offset` is where it stands.
bool json_read_count(json_cursor *cursor, uint64_t *value, size_t *offset);
bool json_read_real(json_cursor *cursor, double *value, size_t *offset);
// An array of whole numbers; those beyond the capacity are only counted.
bool json_read_wholes(json_cursor *cursor, const char *expected, uint64_t *values, size_t capacity, size_t *count,
                      size_t *offset);

// Refuses the type of the value that begins here; its syntax when it is no value, its depth when it nests too deep.
// Always false.
bool json_fail_type(json_cursor *cursor, const char *expected);

// Where a cursor stands, to come back to it in the same text, inside the same containers.
size_t json_position(const json_cursor *cursor);
void json_go_back(json_cursor *cursor, size_t position);

// MARK: Numbers

typedef enum {
  JSON_AS_FLOAT,
  JSON_AS_UINT8,
  JSON_AS_UINT16,
  JSON_AS_UINT32,
  JSON_AS_UINT64,
  JSON_AS_INT8,
  JSON_AS_INT16,
  JSON_AS_INT32,
  JSON_AS_INT64
} json_number_type;

// MARK: Rows

// What a row is: [D], or [rows, columns] or [rows, columns, channels]. A row of an image may come flat, nested as its
// shape is, without a last dimension of 1, and, of [rows, columns], with one more of 1: as Keras takes it. How deep it
// is nested says which of these it is.
enum { JSON_MAX_RANK = 3 };
typedef struct {
  size_t rank;
  size_t dimensions[JSON_MAX_RANK];
} json_shape;

// The dimensions of a row that has `rank` of them. False: a row has no such form.
bool json_form_of(const json_shape *shape, size_t rank, json_shape *form);
// Writes the forms of a row as in a sentence, with NUL behind them: [16], [4][4] or [4][4][1]. With a batch dimension:
// [-1,16], [-1,4,4] or [-1,4,4,1].
enum { JSON_MAX_FORMS = 128 };
void json_write_forms(char *out, const json_shape *shape, bool has_batch);

typedef struct {
  json_shape shape;
  size_t width;     // D, the product of the shape's dimensions
  size_t capacity;  // at least 1
  float *values;    // [capacity, D]
  size_t first;     // which row is the first of values
  // Asked when all places are taken: the places of `capacity` more rows, which lie anywhere; NULL: there are no more.
  // `more` itself NULL: there are no more.
  float *(*more)(void *context, size_t *capacity);
  void *context;
  // What the rows are called in paths: the list that they are in, or one row alone.
  const char *name;
  bool is_single;
  // What is expected where an object stands for a row; NULL: an array of numbers.
  const char *not_object;
  size_t count;  // rows begun so far
} json_rows;

// An upper bound of the rows that a text of `length` bytes can hold: D numbers, D - 1 commas and two brackets are 2D +
// 1 bytes.
size_t json_max_rows(size_t length, size_t width);

// The list of rows that begins here, straight into their places: at least one, and at most `capacity`. Each number is
// the correctly rounded Float32 of its text.
bool json_read_rows(json_cursor *cursor, json_rows *rows);
// The same, element by element: each must be stepped over, by json_read_row somewhere in it.
bool json_begin_rows(json_cursor *cursor, json_rows *rows);
json_step json_next_row(json_cursor *cursor, json_rows *rows, size_t index);
// The row that begins here: flat, or nested as the shape says.
bool json_read_row(json_cursor *cursor, json_rows *rows, size_t index);

// The numbers of the array that begins here, depth first, whatever the brackets between them; each is a `type`, whose
// name is `type_name`, and becomes the nearest Float32 in the rows' places. Nothing is read beyond the first number
// that has no place or is one more than `wanted`; `count` counts it too. An error's path is that of one number: `path`,
// number 3.
bool json_read_numbers(json_cursor *cursor, json_number_type type, const char *type_name, const char *path,
                       json_rows *rows, size_t wanted, size_t *count);

// MARK: Writing

// Writes what the JSON string at `json`, quotes included, which has been validated, stands for; at most `length` bytes.
// Returns how many.
size_t json_unescape(char *out, const char *json, size_t length);

// At most 20 bytes. Returns how many.
size_t json_write_integer(char *out, int64_t value);
// The shortest decimal that reads back as the same Float32; at most 16 bytes. Returns how many.
size_t json_write_float(char *out, float value);
// A JSON array of them; at most 17 n + 2 bytes.
size_t json_write_floats(char *out, const float *values, size_t n);
// The same with the number marked as a real one: 1.0, not 1; at most 18 bytes, and 19 n + 2.
size_t json_write_real(char *out, float value);
size_t json_write_reals(char *out, const float *values, size_t n);
// A JSON string, quoted and escaped; at most 6 n + 2 bytes.
size_t json_write_string(char *out, const char *utf8, size_t n);

#ifdef __cplusplus
}
#endif

#endif
