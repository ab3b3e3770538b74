// JSON rows of 784 numbers of several forms, read, and 1,000 floats written: smallest of many passes.
// scripts/bench/numbers.sh.
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "JSONCore.h"

namespace {

constexpr size_t width = 784;
int passes = 2000;

double seconds() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double smallest(const std::function<void()> &work) {
  double best = 1;
  for (int pass = 0; pass < passes; pass++) {
    double start = seconds();
    for (int i = 0; i < 10; i++) work();
    best = std::min(best, (seconds() - start) / 10);
  }
  return best;
}

double uniform() { return rand() / (RAND_MAX + 1.0); }

std::string printed(const char *format, double value) {
  char text[64];
  snprintf(text, sizeof text, format, value);
  return text;
}

/// A digit's strokes on an empty background.
int pixel(size_t i) {
  size_t row = i / 28, column = i % 28;
  bool is_ink = row > 4 && row < 24 && column > 8 + row % 5 && column < 15 + row % 3;
  return is_ink ? 1 + rand() % 255 : 0;
}

void read(const char *name, const char *separator, const std::function<std::string(size_t)> &number) {
  std::string text = "[[";
  for (size_t i = 0; i < width; i++) text += (i ? separator : "") + number(i);
  text += "]]";
  size_t length = text.size();
  text.append(JSON_PADDING, ' ');
  json_cursor *cursor = json_create(4);
  std::vector<float> values(width);
  auto index = [&] {
    if (!json_open(cursor, text.data(), length, false, "rows")) exit(1);
  };
  auto all = [&] {
    index();
    json_rows rows{};
    rows.shape = {1, {width}};
    rows.width = width;
    rows.capacity = 1;
    rows.values = values.data();
    rows.name = "rows";
    if (json_read_rows(cursor, &rows)) return;
    puts(json_failure(cursor)->message);
    exit(1);
  };
  all();
  // Verified: the floats that strtof reads.
  const char *at = text.data() + 2;
  for (float value : values) {
    char *end;
    if (strtof(at, &end) != value) exit((fprintf(stderr, "%s: %.9g is wrong for %.20s\n", name, value, at), 1));
    at = end + strspn(end, ", ");
  }
  double time = smallest(all);
  printf("%-26s %6zu bytes  %6.2f us  %5.2f GB/s  %4.0f M numbers/s  %5.2f us of it the index\n", name, length,
         time * 1e6, static_cast<double>(length) / time * 1e-9, width / time * 1e-6, smallest(index) * 1e6);
  json_destroy(cursor);
}

void write(const char *name, const std::function<double()> &number) {
  std::vector<float> values(1000);
  for (float &value : values) value = static_cast<float>(number());
  std::vector<char> text(17 * values.size() + 2);
  size_t length = 0;
  auto all = [&] { length = json_write_floats(text.data(), values.data(), values.size()); };
  all();
  // Verified: a list in which strtof reads the very same floats.
  std::string written(text.data(), length);
  const char *at = written.c_str();
  char before = '[';
  for (float value : values) {
    char *end = nullptr;
    if (*at != before || strtof(at + 1, &end) != value || end == at + 1)
      exit((fprintf(stderr, "%s: %.20s is wrong for %.9g\n", name, at, value), 1));
    at = end;
    before = ',';
  }
  if (strcmp(at, "]") != 0) exit((fprintf(stderr, "%s: expected ] behind the last float, found %.20s\n", name, at), 1));
  double time = smallest(all);
  printf("%-26s %6zu bytes  %5.1f ns a number\n", name, length, time / 1000 * 1e9);
}

}  // namespace

int main(int count, char **arguments) {
  if (count > 1) passes = atoi(arguments[1]);
  if (count > 2 || passes < 1) return fputs("expected nothing, or a number of passes\n", stderr), 2;
  srand(1);
  auto shortest = [](size_t i) {
    int value = pixel(i);
    return value ? printed("%.17g", value / 255.0) : "0.0";
  };
  puts("784 numbers of a row read");
  read("six digits", ",", [](size_t) { return printed("%.6f", uniform()); });
  read("six digits, signed", ", ", [](size_t) { return printed("%.6f", 4 * uniform() - 2); });
  read("image, 0 to 255", ",", [](size_t i) { return std::to_string(pixel(i)); });
  read("image, 0 to 255, blanks", ", ", [](size_t i) { return std::to_string(pixel(i)); });
  read("image, / 255", ", ", shortest);
  read("zeros", ",", [](size_t) { return std::string("0"); });
  read("0 to 255 at random", ",", [](size_t) { return std::to_string(rand() % 256); });
  read("nine digits", ", ", [](size_t) { return printed("%.9g", uniform()); });
  read("seventeen digits", ", ", [](size_t) { return printed("%.17g", uniform()); });
  read("with exponents", ", ", [](size_t) { return printed("%.6e", uniform()); });
  puts("1,000 floats written");
  write("from 0 to 1", uniform);
  write("squared distances", [] { return 50 + 300 * uniform(); });
  write("scores", [] { return exp(-80 * uniform()); });
}
