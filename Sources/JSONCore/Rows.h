#pragma once

#include "Document.h"

/// The number of numbers of one row.
size_t width_of(const json_shape &shape);

/// The dimensions of a row that has `rank` of them: flat, as the shape says, or of an image without its last dimension of 1 or with one
/// more. Their numbers of dimensions differ, so that there is no choice. False: a row has no such form.
bool form_of(const json_shape &shape, size_t rank, json_shape *form);

/// The forms of a row, as in a sentence.
struct FormList {
  char text[JSON_MAX_FORMS];
  FormList(const json_shape &shape, bool has_batch) { json_write_forms(text, &shape, has_batch); }
};

/// JSON arrays of numbers → rows of floats.
struct RowReader {
  Document *document;
  const json_shape shape;
  const size_t width, capacity;
  float *const rows;  // [capacity, width]
  /// What the rows are called in paths: of one row alone, or of the list that they are in.
  const char *name;
  bool is_single = false;
  /// What is expected where an object stands for a row; null: an array of numbers.
  const char *not_object = nullptr;
  /// Rows begun so far.
  size_t count = 0;

  /// The list of rows that begins here: at least one, and at most `capacity`. `element(index)` must read each, by `row`.
  template <typename Element>
  bool list(Element element);
  bool list() { return list([&](size_t index) { return row(index); }); }

  /// The row that begins here: flat, or nested as the shape says.
  bool row(size_t index);

  /// One row more than there is room for: either there are too many, or this one is too short to be one. Its numbers say which.
  bool beyond(size_t index);

  bool fail_list_type();
  bool fail_no_rows(size_t at) { return document->fail(JSON_NO_ROWS, at, name, "expected at least one row, found none"); }

 private:
  bool is_nested() const;
  json_shape form_here() const;
  bool numbers(size_t count, float **cells);
  bool nested(const json_shape &form, size_t level, float **cells);
  const char *path_of(char *path, size_t index) const;
  bool fail_row(size_t index);
  bool fail_list(const char *path, const json_shape &form, size_t level);
  bool fail_number(const char *path);

  /// Of an image the forms of its rows, which end a sentence about its brackets.
  struct Advice {
    char text[160];
    Advice(json_shape shape, size_t width);
  };
};

template <typename Element>
bool RowReader::list(Element element) {
  if (document->current() != '[') return fail_list_type();
  size_t at = document->offset();
  if (!document->read_array(name, [&](size_t index) {
        char first = document->current();
        return index < capacity || (first != '[' && first != '{') ? element(index) : beyond(index);
      }))
    return false;
  return count > 0 || fail_no_rows(at);
}
