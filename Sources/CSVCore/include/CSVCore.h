#ifndef CSV_CORE_H
#define CSV_CORE_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// Lines of CSV (RFC 4180) → floats and texts. The separator ' ' is any run of blanks and tabs. No exception crosses
// this header.

// A line must be readable for so many bytes past its end, and a line's end or NUL must lie there.
enum { CSV_PADDING = 64 };

typedef enum {
  CSV_OK,
  CSV_OPEN_QUOTE,  // a quote does not close, so that nobody knows where the row ends
  CSV_NO_NUMBER,
  CSV_NON_FINITE,  // a number that is not finite as Float32
  CSV_WIDTH        // a row of another width than expected
} csv_status;

typedef struct {
  csv_status status;
  size_t column;      // counted from 1; 0: the line
  char message[200];  // what was expected and what was found
} csv_error;

// Reads the fields of a line into one row [width]; columns beyond `skipped_count` are not skipped. Blanks and quotes
// around a number, `+1`,
// `.5` and `1.` are fine; each becomes the correctly rounded Float32 of its text.
csv_status csv_read_fields(const char *line, size_t length, char separator, const bool *skipped, size_t skipped_count,
                           size_t width, float *row, csv_error *error);

// A field's text, as it lies in its line; NULL: there is none.
typedef struct {
  const char *text;
  size_t length;
  bool is_quoted;  // "" in it stands for one quote
} csv_field;

// Finds the texts of some columns, counted from 0, in a line that csv_read_fields has read; without the blanks and
// quotes around them. Returns the number of fields.
size_t csv_find_fields(const char *line, size_t length, char separator, const size_t *columns, size_t count,
                       csv_field *found);

// Whether a field stands for a value that is not there: nothing, NA, nan, null, ?, - and the like, in upper or lower
// case.
bool csv_is_missing_value(const char *text, size_t length);

// Whether a field is a number but for a comma in the place of its decimal point.
bool csv_has_decimal_comma(const char *text, size_t length);

#ifdef __cplusplus
}
#endif

#endif
