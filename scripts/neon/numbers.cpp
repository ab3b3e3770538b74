// Numbers of JSON read in runs and written: a line a case with a hash, as kernels.c prints it.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "DecimalNumber.h"

namespace {

uint64_t state = 7;

uint64_t next_random() {
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

struct Hash {
  uint64_t value = 0xcbf29ce484222325;
  void add(const void *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) value = (value ^ static_cast<const uint8_t *>(bytes)[i]) * 0x100000001b3;
  }
};

float random_float() {
  auto bits = static_cast<uint32_t>(next_random());
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return std::isfinite(value) ? value : 0;
}

}  // namespace

int main() {
  const char *const formats[] = {"%.0f", "%.1f", "%.6f", "%.9g", "%.17g", "%.20f", "%.7e"};
  for (const char *format : formats) {
    Hash hash;
    constexpr size_t count = 20000;
    for (size_t i = 0; i < count; i++) {
      char text[512] = "0,0,0,0,";
      double value = static_cast<double>(next_random() >> 11) * 0x1p-53 * (i % 2 ? 1 : -300);
      int length = snprintf(text + 8, 400, format, value);
      text[8 + length] = ',';
      const uint32_t marks[] = {8, static_cast<uint32_t>(8 + length)};
      float found = 0;
      // Whichever way takes it, the answer is the same.
      if (read_run(text, marks, 1, &found) == 0) read_number(text + 8, &found);
      if (found != strtof(text + 8, nullptr)) return printf("wrong: %s\n", text), 1;
      hash.add(&found, sizeof found);
    }
    printf("read-%s %zu %016llx\n", format, count, static_cast<unsigned long long>(hash.value));
  }
  Hash hash;
  constexpr size_t blocks = 100000;
  for (size_t block = 0; block < blocks; block++) {
    float values[16];
    for (float &value : values) value = random_float();
    ShortestDecimals decimals;
    find_shortest(values, 16, &decimals);
    for (size_t i = 0; i < 16; i++) {
      char text[40];
      hash.add(text, static_cast<size_t>(write_shortest(text, values[i], decimals, i) - text));
    }
  }
  printf("write %zu %016llx\n", 16 * blocks, static_cast<unsigned long long>(hash.value));
}
