#pragma once

#include "Cursor.h"

/// The dimensions of a row that has `rank` of them: flat, as the shape says, or of an image without its last dimension
/// of 1 or with one more. Their numbers of dimensions differ, so that there is no choice. False: a row has no such
/// form.
bool form_of(const json_shape &shape, size_t rank, json_shape *form);

/// JSON arrays of numbers → rows of floats.
struct RowReader {
  Document &document;
  json_rows &rows;

  /// The list of rows that begins here: at least one, and at most as many as there is room for.
  bool list();
  /// The row that begins here: flat, or nested as the shape says.
  bool row(size_t index);
  /// Whether element `index` of a list, which begins here, has a place, should it be a row.
  bool has_place(size_t index);

  /// Whether row `index`, the next one, has a place; asks for more of them where all are taken.
  bool make_place(size_t index) {
    return index - rows.first < rows.capacity || (rows.more != nullptr && ask_for_places(index));
  }

  /// Refuses element `index`, which has no place.
  bool fail_beyond(size_t index);
  bool fail_list_type();
  bool fail_no_rows(size_t at);

 private:
  bool is_nested() const;
  json_shape form_here() const;
  bool numbers(size_t count, float **cells);
  bool nested(const json_shape &form, size_t level, float **cells);
  bool ask_for_places(size_t index);
  const char *path_of(char *path, size_t index) const;
  bool fail_row(size_t index);
  bool fail_list(const char *path, const json_shape &form, size_t level);
  bool fail_number(const char *path);
};
