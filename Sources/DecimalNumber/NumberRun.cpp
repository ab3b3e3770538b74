#include <array>

#include "DecimalNumber.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Numbers of a run one by one, each along the same few branches: that a caller's numbers have all the same form is the
// rule. Of a number all digits are taken at once, by whatever the processor has for it.

namespace {

using namespace number_detail;

/// Narrows a Float64 that is off by less than `tolerance` units in its last place. False where the middle between two
/// Float32 is as near, which leaves it open which of them is right.
inline bool narrow(double wide, uint64_t tolerance, float *out) {
  uint64_t bits;
  std::memcpy(&bits, &wide, sizeof bits);
  *out = static_cast<float>(wide);
  return ((bits - (0x10000000 - tolerance)) & 0x1fffffff) > 2 * tolerance;
}

#if defined(__x86_64__)

/// Where the digits of a number go whose point is at `point` and whose end is at `end` of sixteen bytes: to the right
/// end, without the point; 0x80 makes a zero. A whole number's point is its end.
struct Alignments {
  alignas(16) std::array<std::array<std::array<uint8_t, 16>, 16>, 17> of{};
  constexpr Alignments() {
    for (int point = 0; point <= 16; point++)
      for (int end = 1; end <= 16; end++) {
        int from = end;
        for (int to = 15; to >= 0; to--) {
          if (--from == point) from--;
          of[point][end - 1][to] = from >= 0 ? static_cast<uint8_t>(from) : 0x80;
        }
      }
  }
};
constexpr Alignments alignments;

/// 10^-places, and the same of negative numbers.
struct Scales {
  std::array<std::array<double, 18>, 2> of{};
  constexpr Scales() {
    for (size_t places = 0; places < 18; places++) {
      of[0][places] = inverse_powers[places];
      of[1][places] = -inverse_powers[places];
    }
  }
};
constexpr Scales scales;

#define VECTORS __attribute__((target("avx2"), always_inline)) inline

VECTORS __m128i digits_at(const char *p) {
  return _mm_sub_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i *>(p)), _mm_set1_epi8('0'));
}

/// Bits of the bytes that are no digits.
VECTORS unsigned others(__m128i digits) {
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(digits, _mm_set1_epi8(10)), digits)));
}

VECTORS __m128i align(__m128i digits, size_t point, size_t end) {
  return _mm_shuffle_epi8(digits,
                          _mm_load_si128(reinterpret_cast<const __m128i *>(alignments.of[point][end - 1].data())));
}

/// The values of the first and of the last eight of sixteen digits, 32 bits each.
VECTORS __m128i values_of_eights(__m128i digits) {
  const __m128i tens = _mm_set1_epi16(0x010a), hundreds = _mm_set1_epi32(0x00010064),
                thousands = _mm_set1_epi32(0x00012710);
  __m128i fours = _mm_madd_epi16(_mm_maddubs_epi16(digits, tens), hundreds);
  return _mm_madd_epi16(_mm_packus_epi32(fours, fours), thousands);
}

/// A number of more than sixteen bytes before its comma: fifteen digits with a point among them, three more, and any
/// number of them that only must be digits.
__attribute__((target("avx2"), noinline)) bool read_long(const char *p, size_t length, bool is_negative, float *out) {
  const __m128i digits = digits_at(p);
  const unsigned found = others(digits);
  const auto point = static_cast<size_t>(__builtin_ctz(found | 0x10000));
  if (length > 32 || point == 0 || point == 16 || p[point] != '.' || (found & (found - 1)) != 0) return false;
  if (*p == '0' && point > 1) return false;
  const size_t rest = length - 16, more = rest < 3 ? rest : 3;
  if ((others(digits_at(p + 16)) & ((1u << rest) - 1)) != 0) return false;
  const auto eights = static_cast<uint64_t>(_mm_cvtsi128_si64(values_of_eights(align(digits, point, 16))));
  uint64_t tail;
  std::memcpy(&tail, p + 16, sizeof tail);
  tail = (tail - 0x3030303030303030) << (64 - 8 * more);
  const uint64_t significand =
      ((eights & 0xffffffff) * 100000000 + (eights >> 32)) * powers[more] + value_of_digits(tail);
  // What is dropped is less than one in the last of sixteen digits at least: nine units of a Float64.
  const bool is_whole = rest == more;
  if (!is_whole && significand < 1000000000000000) return false;
  const double wide = static_cast<double>(static_cast<int64_t>(significand));
  return narrow(wide * scales.of[is_negative][15 - point + more], is_whole ? 4 : 16, out);
}

/// How many numbers behind the one at `p`, whose successor begins `step` bytes further on, are written just like it, at
/// most 8: an image's background is. Sixteen bytes that are those `step` bytes before them repeat them.
VECTORS size_t repetitions(const char *p, size_t step) {
  const auto *here = reinterpret_cast<const __m128i *>(p), *there = reinterpret_cast<const __m128i *>(p + step);
  const __m128i equal = _mm_cmpeq_epi8(_mm_loadu_si128(here), _mm_loadu_si128(there));
  return step <= 8 && _mm_movemask_epi8(equal) == 0xffff ? 16 / step : 0;
}

/// What a number costs is the chain of operations that wait for each other, so the digits are placed by where the
/// separator is, which the marks say, and by where the point is believed to be; then they are checked.
__attribute__((target("avx2"))) size_t read_run_avx2(const char *text, const uint32_t *marks, size_t count,
                                                     float *values) {
  float last = __builtin_nanf("");
  for (size_t i = 0; i < count; i++, marks += 2) {
    const char *p = text + marks[0], *const separator = text + marks[1];
    if (*separator != ',') return i;
    const bool is_negative = *p == '-';
    p += is_negative;
    const auto length = static_cast<size_t>(separator - p);
    if (length - 1 > 15) {
      if (length == 0 || !read_long(p, length, is_negative, values + i)) return i;
      continue;
    }
    const __m128i digits = digits_at(p);
    size_t point = length;
    if (p[1] == '.') {
      point = 1;
      __asm__("" : "+r"(point));  // a branch: a selection would wait for the byte
    }
    __m128i aligned = align(digits, point, length);
    if (others(aligned) != 0) {
      point = static_cast<size_t>(__builtin_ctz(others(digits) | 0x10000));
      if (point == 0 || point >= length || p[point] != '.') return i;
      aligned = align(digits, point, length);
      if (others(aligned) != 0) return i;
    }
    // A zero before other digits; no digit behind the point.
    if ((point > 1 && *p == '0') || point + 1 == length) return i;
    const size_t places = point < length ? length - point - 1 : 0;
    const __m128d eights = _mm_cvtepi32_pd(values_of_eights(aligned));
    const double significand = length > 8 ? eights[0] * 1e8 + eights[1] : eights[1];
    if (!narrow(significand * scales.of[is_negative][places], 4, values + i)) return i;
    if (values[i] == last && count - i > 8) {
      const size_t same = repetitions(text + marks[0], marks[2] - marks[0]);
      for (size_t k = 1; k <= 8; k++) values[i + k] = values[i];
      i += same;
      marks += 2 * same;
    }
    last = values[i];
  }
  return count;
}

#undef VECTORS
#endif

size_t read_run_anywhere(const char *text, const uint32_t *marks, size_t count, float *values) {
  for (size_t i = 0; i < count; i++, marks += 2)
    if (marks[1] < 8 || text[marks[1]] != ',' || !read_short_number(text + marks[0], text + marks[1], values + i))
      return i;
  return count;
}

}  // namespace

size_t read_run(const char *text, const uint32_t *marks, size_t count, float *values) {
#if defined(__x86_64__)
  static const bool has_vectors = __builtin_cpu_supports("avx2");
  if (has_vectors) return read_run_avx2(text, marks, count, values);
#endif
  return read_run_anywhere(text, marks, count, values);
}
