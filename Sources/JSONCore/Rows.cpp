#include "Rows.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "DecimalNumber.h"

bool form_of(const json_shape &shape, size_t rank, json_shape *form) {
  bool ends_in_one = shape.dimensions[shape.rank - 1] == 1;
  *form = shape;
  form->rank = rank;
  if (rank == shape.rank) return true;
  if (rank == 1) {
    form->dimensions[0] = 1;
    for (size_t level = 0; level < shape.rank; level++) form->dimensions[0] *= shape.dimensions[level];
    return true;
  }
  if (rank + 1 == shape.rank) return rank > 0 && ends_in_one;
  if (rank != 3 || shape.rank != 2) return false;
  return form->dimensions[2] = 1, true;
}

void json_write_forms(char *out, const json_shape *whole, bool has_batch) {
  const json_shape &shape = *whole;
  size_t ranks[JSON_MAX_RANK], count = 0, end = 0;
  json_shape form;
  for (size_t rank = 1; rank <= JSON_MAX_RANK; rank++)
    if (form_of(shape, rank, &form)) ranks[count++] = rank;
  auto write = [&](const char *format, size_t value) {
    if (end < JSON_MAX_FORMS) end += static_cast<size_t>(snprintf(out + end, JSON_MAX_FORMS - end, format, value));
  };
  for (size_t i = 0; i < count; i++) {
    form_of(shape, ranks[i], &form);
    write(i == 0 ? "" : i + 1 == count ? " or " : ", ", 0);
    if (has_batch) write("[-1", 0);
    for (size_t level = 0; level < form.rank; level++) write(has_batch ? ",%zu" : "[%zu]", form.dimensions[level]);
    if (has_batch) write("]", 0);
  }
}

namespace {

/// Of an image the forms of its rows, which end a sentence about its brackets.
struct Advice {
  char text[32 + JSON_MAX_FORMS] = "";

  explicit Advice(const json_rows &rows) {
    if (rows.shape.rank < 2) return;
    char forms[JSON_MAX_FORMS];
    json_write_forms(forms, &rows.shape, false);
    snprintf(text, sizeof text, "; a row is %zu numbers, %s", rows.width, forms);
  }
};

}  // namespace

// MARK: Lists

bool RowReader::list() {
  if (document.current() != '[') return fail_list_type();
  size_t at = document.offset();
  if (!document.read_array(rows.name, [&](size_t index) { return has_place(index) && row(index); })) return false;
  return rows.count > 0 || fail_no_rows(at);
}

bool RowReader::has_place(size_t index) {
  char first = document.current();
  return make_place(index) || (first != '[' && first != '{') || fail_beyond(index);
}

bool RowReader::ask_for_places(size_t index) {
  size_t capacity = 0;
  float *places = rows.more(rows.context, &capacity);
  if (!places) return false;
  rows.values = places;
  rows.capacity = capacity;
  rows.first = index;
  return true;
}

bool RowReader::fail_list_type() {
  char expected[48];
  snprintf(expected, sizeof expected, "an array of rows of %zu numbers", rows.width);
  return document.fail_type(expected, rows.name);
}

bool RowReader::fail_no_rows(size_t at) {
  return document.fail(JSON_NO_ROWS, at, rows.name, "expected at least one row, found none");
}

/// One row more than there is room for: either there are too many, or this one is too short to be one. Its numbers say
/// which.
bool RowReader::fail_beyond(size_t index) {
  // Of a row in an object its name is counted too.
  size_t found = 0, depth = 0, wanted = rows.width + (document.current() == '{');
  for (uint32_t i = document.position; i < document.count && found <= wanted; i++) {
    char c = document.body[document.marks[i]];
    if (c == '[' || c == '{')
      depth++;
    else if (c == ']' || c == '}') {
      if (--depth == 0) break;
    } else if (c != ',' && c != ':')
      found++;
  }
  if (found != wanted) return fail_row(index);
  char path[64];
  return document.fail(JSON_TOO_MANY_ROWS, document.offset(), path_of(path, index),
                       "expected at most %zu rows, found more", rows.first + rows.capacity);
}

bool RowReader::row(size_t index) {
  rows.count = std::max(rows.count, index + 1);
  float *cell = rows.values + (index - rows.first) * rows.width;
  char path[64];
  if (document.current() != '[') {
    char expected[48];
    snprintf(expected, sizeof expected, "an array of %zu numbers", rows.width);
    bool is_object = document.current() == '{' && rows.not_object;
    return document.fail_type(is_object ? rows.not_object : expected, path_of(path, index),
                              is_object ? "" : Advice(rows).text);
  }
  uint32_t start = document.position;
  if (is_nested() ? nested(form_here(), 0, &cell) : numbers(rows.width, &cell)) return true;
  document.position = start;
  return fail_row(index);
}

/// Whether the array that begins here holds arrays, as an image may.
bool RowReader::is_nested() const {
  return rows.shape.rank > 1 && document.body[document.marks[document.position + 1]] == '[';
}

/// The form of the row that begins here, by its brackets; where there is none, the shape itself, which it then does not
/// fit.
json_shape RowReader::form_here() const {
  size_t depth = 0;
  // One more than there may be is enough.
  while (depth <= JSON_MAX_RANK && document.body[document.marks[document.position + depth]] == '[') depth++;
  json_shape form;
  return form_of(rows.shape, depth, &form) ? form : rows.shape;
}

/// The flat array of `count` numbers that begins here. False where it is not exactly that; nothing is explained.
bool RowReader::numbers(size_t wanted, float **cells) {
  const char *body = document.body;
  const uint32_t *mark = document.marks + document.position + 1;
  float *cell = *cells, *const end = cell + wanted;
  const uint32_t *const last = document.marks + document.count - 1;
  for (;;) {
    // All but the last number are followed by commas.
    const size_t left = static_cast<size_t>(end - cell) - 1, there = static_cast<size_t>(last - mark) / 2;
    const size_t read = read_run(body, mark, left < there ? left : there, cell);
    cell += read;
    mark += 2 * read;
    const char *text = body + *mark;
    // The last mark is a bracket, so that the one behind a value is there; at it itself no number begins.
    if (*text == '}' || *text == ']') return false;
    mark++;
    const char *after = document.read_float(text, cell);
    if (!after || !document.ends_at(after, *mark)) return false;
    cell++;
    if (body[*mark++] != ',') break;
    if (cell == end) return false;
  }
  if (cell != end || body[mark[-1]] != ']') return false;
  *cells = cell;
  document.position = static_cast<uint32_t>(mark - document.marks);
  return true;
}

/// An array nested as `form` says.
bool RowReader::nested(const json_shape &form, size_t level, float **cells) {
  if (document.current() != '[') return false;
  if (level + 1 == form.rank) return numbers(form.dimensions[level], cells);
  document.position++;
  for (size_t element = 0;; element++) {
    if (element == form.dimensions[level] || !nested(form, level + 1, cells)) return false;
    if (document.current() == ']') return document.position++, element + 1 == form.dimensions[level];
    if (document.current() != ',') return false;
    document.position++;
  }
}

// MARK: What is wrong with a row

const char *RowReader::path_of(char *path, size_t index) const {
  snprintf(path, 64, rows.is_single ? "%s" : "%s[%zu]", rows.name, index);
  return path;
}

/// Finds by a slower walk why the row that begins here was not read.
bool RowReader::fail_row(size_t index) {
  char path[64];
  path_of(path, index);
  size_t at = document.offset();
  return fail_list(path, form_here(), 0) && document.fail(JSON_SYNTAX, at, path, "the body is not valid JSON");
}

/// Steps over the array of level `level` that begins here, or refuses what is wrong with it.
bool RowReader::fail_list(const char *path, const json_shape &form, size_t level) {
  bool holds_numbers = level + 1 == form.rank;
  size_t at = document.offset(), found = 0, wanted = form.dimensions[level];
  if (document.current() != '[') {
    char expected[48];
    snprintf(expected, sizeof expected, "an array of %zu", wanted);
    return document.fail_type(expected, path, Advice(rows).text);
  }
  const char *noun = holds_numbers ? "number" : "array", *plural = wanted == 1 ? "" : "s";
  if (!document.read_array(path, [&](size_t index) {
        // One too many says enough: a caller decides how many there are.
        if (found++ == wanted && document.current() != ']' && document.current() != '}')
          return document.fail(JSON_WIDTH, at, path, "expected %zu %s%s, found more%s", wanted, noun, plural,
                               Advice(rows).text);
        char element[64];
        snprintf(element, sizeof element, "%s[%zu]", path, index);
        return holds_numbers ? fail_number(element) : fail_list(element, form, level + 1);
      }))
    return false;
  return found == wanted || document.fail(JSON_WIDTH, at, path, "expected %zu %s%s, found %zu%s", wanted, noun, plural,
                                          found, Advice(rows).text);
}

bool RowReader::fail_number(const char *path) {
  const char *start = document.pointer();
  if (!document.takes_non_finite) {
    if (const char *end = end_of_token(start); end && document.ends_cleanly(end))
      return document.fail(JSON_NON_FINITE, document.offset(), path, "expected a finite Float32, found %.*s",
                           static_cast<int>(end - start), start);
    float value;
    const char *end = read_number(start, &value);
    if (end && document.ends_cleanly(end) && std::isinf(value))
      return document.fail(JSON_NON_FINITE, document.offset(), path, "expected a finite Float32, found %.*s",
                           shown_scalar(start), start);
  }
  const char *kind = document.kind_of_value(document.current());
  if (!kind || std::string_view(kind) != "a number")
    return document.fail_type("a number", path, *start == '[' ? Advice(rows).text : "");
  return document.skip_scalar(path);
}

// MARK: From a cursor

size_t json_max_rows(size_t length, size_t width) { return length / (2 * width + 1); }

bool json_form_of(const json_shape *shape, size_t rank, json_shape *form) { return form_of(*shape, rank, form); }

bool json_read_rows(json_cursor *cursor, json_rows *rows) { return RowReader{cursor->document, *rows}.list(); }

bool json_begin_rows(json_cursor *cursor, json_rows *rows) {
  RowReader reader{cursor->document, *rows};
  if (cursor->document.current() != '[') return reader.fail_list_type();
  size_t offset;
  cursor->begin('[', "", &offset);
  return cursor->document.current() != ']' || reader.fail_no_rows(offset);
}

json_step json_next_row(json_cursor *cursor, json_rows *rows, size_t index) {
  json_step step = cursor->next(']', "',' or ']'", rows->name);
  if (step != JSON_NEXT) return step;
  return RowReader{cursor->document, *rows}.has_place(index) ? JSON_NEXT : JSON_FAILED;
}

bool json_read_row(json_cursor *cursor, json_rows *rows, size_t index) {
  RowReader reader{cursor->document, *rows};
  return (reader.make_place(index) || reader.fail_beyond(index)) && reader.row(index);
}
