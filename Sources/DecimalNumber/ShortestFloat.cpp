#include <array>
#include <cstring>

#include "DecimalNumber.h"

// The shortest decimal that reads back as a Float32, of several the nearest: R. Giulietti, "The Schubfach way to render
// doubles" (2020), its arithmetic carried over to 32 bits. The names are the paper's.

// Under a sanitizer no loop is vectorised: then it is slow, and right.
#pragma clang diagnostic ignored "-Wpass-failed"

namespace {

/// The upper 64 bits of 10^n, rounded up, for n from -31 to 45: `of[n + 31]`.
struct Powers {
  std::array<uint64_t, 77> of{};

  constexpr Powers() {
    for (int n = -31; n <= 45; n++) {
      // 10^n, or 2^192 / 10^-n rounded down, in words of 32 bits, the lowest first.
      std::array<uint32_t, 7> words{};
      words[n < 0 ? 6 : 0] = 1;
      for (int i = 0; i < n; i++) {
        uint64_t carry = 0;
        for (uint32_t &word : words) {
          carry += uint64_t{word} * 10;
          word = static_cast<uint32_t>(carry);
          carry >>= 32;
        }
      }
      for (int i = 0; i > n; i--) {
        uint64_t remainder = 0;
        for (size_t w = words.size(); w-- > 0;) {
          remainder = remainder << 32 | words[w];
          words[w] = static_cast<uint32_t>(remainder / 10);
          remainder %= 10;
        }
      }
      int top = 7 * 32 - 1;
      auto bit = [&](int i) { return i >= 0 && (words[static_cast<size_t>(i) / 32] >> (i % 32) & 1) != 0; };
      while (!bit(top)) top--;
      uint64_t value = 0;
      for (int i = top; i > top - 64; i--) value = value << 1 | bit(i);
      bool is_exact = n >= 0;
      for (int i = 0; i <= top - 64; i++) is_exact = is_exact && !bit(i);
      of[static_cast<size_t>(n + 31)] = value + !is_exact;
    }
  }
};
constexpr Powers powers_of_ten;

/// Eight digits, the first in the lowest byte, as text.
inline uint64_t text_of(uint64_t value) {
  const uint64_t high = value * 109951163 >> 40;
  uint64_t x = high | (value - high * 10000) << 32;
  const uint64_t hundreds = (x * 10486 >> 20) & 0x0000007f0000007f;
  x = (x - 100 * hundreds) << 16 | hundreds;
  const uint64_t tens = (x * 103 >> 10) & 0x000f000f000f000f;
  return ((x - 10 * tens) << 8 | tens) | 0x3030303030303030;
}

/// What a number below `least` lacks to have more digits.
struct Scale {
  uint32_t least, factor;
  int32_t places;
};

/// g c / 2^64 rounded to odd: that the last bit is set says that something follows. c has 32 bits.
inline uint64_t round_to_odd(uint64_t g, uint64_t c) {
  c &= 0xffffffff;
  const uint64_t product = (g >> 32) * c + ((g & 0xffffffff) * c >> 32);
  return product >> 32 | static_cast<uint64_t>((product & 0xffffffff) > 1);
}

/// The decimals of positive, finite Float32, of others anything. In 64-bit numbers of at most 32 bits, never negative
/// and without branches, which nobody could foresee: so that the compiler computes four side by side.
__attribute__((always_inline)) inline void find(const float *values, size_t count, ShortestDecimals *decimals) {
  uint32_t digits[ShortestDecimals::capacity];
  int32_t exponents[ShortestDecimals::capacity];
#pragma clang loop vectorize(enable)
  for (size_t i = 0; i < count; i++) {
    uint32_t word;
    std::memcpy(&word, values + i, sizeof word);
    const uint64_t fraction = word & 0x7fffff, field = word >> 23 & 0xff, is_normal = (field + 255) >> 8;
    // value = c 2^(q - 150)
    const uint64_t c = fraction | is_normal << 23, q = field + 1 - is_normal, is_odd = c & 1;
    // A power of two has its lower neighbour half as near.
    const uint64_t is_power = ((fraction - 1) & (1 - field)) >> 63;
    // Floors of logarithms: k + 64 of 2^(q - 150) to base 10, or of 3/4 of it; h of 10^-k to base 2.
    const uint64_t k = (((q * 1262611) & 0xffffffff) + 79043806 - (is_power ? 524031 : 0)) >> 22;
    const uint64_t n = 95 - k;
    const uint64_t h = q + ((((n * 1741647) & 0xffffffff) + 80226671) >> 19) - 405;
    const uint64_t g = powers_of_ten.of[n];
    const uint64_t lower = round_to_odd(g, (4 * c - 2 + is_power) << h) + is_odd;
    const uint64_t middle = round_to_odd(g, (4 * c) << h);
    const uint64_t upper = round_to_odd(g, (4 * c + 2) << h) - is_odd;
    const uint64_t s = middle >> 2, fours = middle & 0xfffffffc, tens = (s & 0xffffffff) * 0xcccccccd >> 35;
    // One digit less, if just one of the two neighbours that have it reads back.
    const uint64_t below_tens = lower <= 40 * tens, above_tens = 40 * tens + 40 <= upper;
    const uint64_t below = lower <= fours, above = fours + 4 <= upper;
    const uint64_t is_rounded_up = (middle > fours + 2) | (static_cast<uint64_t>(middle == fours + 2) & s & 1);
    const uint64_t has_tens = static_cast<uint64_t>(s >= 10) & (below_tens ^ above_tens);
    const uint64_t all = s + ((below ^ above) ? above : is_rounded_up);
    digits[i] = static_cast<uint32_t>(has_tens ? tens + above_tens : all);
    exponents[i] = static_cast<int32_t>(k + has_tens) - 64;
  }
  // Nine digits, the first of which is not 0.
#pragma clang loop vectorize(enable)
  for (size_t i = 0; i < count; i++) {
    uint32_t nine = digits[i];
    int32_t missing = 0;
    for (auto [least, factor, places] :
         {Scale{100000, 10000, 4}, Scale{10000000, 100, 2}, Scale{100000000, 10, 1}, Scale{100000000, 10, 1}}) {
      const bool is_short = nine < least;
      nine *= is_short ? factor : 1;
      missing += is_short ? places : 0;
    }
    digits[i] = nine;
    decimals->exponents[i] = exponents[i] + 8 - missing;
  }
#pragma clang loop vectorize(enable)
  for (size_t i = 0; i < count; i++) {
    const uint64_t tens = digits[i] * uint64_t{0xcccccccd} >> 35;
    decimals->eights[i] = text_of(tens);
    decimals->ninths[i] = digits[i] - static_cast<uint32_t>(tens) * 10;
  }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void find_avx2(const float *values, size_t count, ShortestDecimals *decimals) {
  find(values, count, decimals);
}
#endif

inline void put(char *out, uint64_t text) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  text = __builtin_bswap64(text);
#endif
  std::memcpy(out, &text, sizeof text);
}

}  // namespace

void find_shortest(const float *values, size_t count, ShortestDecimals *decimals) {
#if defined(__x86_64__)
  static const bool has_vectors = __builtin_cpu_supports("avx2");
  if (has_vectors) return find_avx2(values, count, decimals);
#endif
  find(values, count, decimals);
}

char *write_shortest(char *out, float value, const ShortestDecimals &decimals, size_t i) {
  if (__builtin_signbit(value)) *out++ = '-';
  if (value == 0) return *out = '0', out + 1;
  const uint64_t eight = decimals.eights[i];
  const char ninth = static_cast<char>('0' + decimals.ninths[i]);
  const int exponent = decimals.exponents[i];
  const int count = ninth != '0' ? 9 : 8 - __builtin_clzll(eight ^ 0x3030303030303030) / 8;
  // The shorter of both notations, the plain one if they are equally long: as std::to_chars has it.
  const int scientific = count + (count > 1) + 4;
  if (exponent < 0 && 1 - exponent + count <= scientific) {
    put(out, 0x3030303030302e30);
    put(out + 1 - exponent, eight);
    out[9 - exponent] = ninth;
    out += 1 - exponent + count;
  } else if (exponent >= 0 && exponent + 1 < count) {
    // All digits one place further on, then those before the point where they belong.
    const uint64_t before = ~uint64_t{0} >> 8 * (7 - exponent);
    put(out + 1, eight);
    put(out, (eight & before) | (eight << 8 & ~before));
    out[exponent + 1] = '.';
    out[9] = ninth;
    out += count + 1;
  } else if (exponent >= 0 && exponent + 1 <= scientific) {
    // An integer below 10^14: all its digits, which need not be zeros where the shortest ones end.
    auto sixteen = static_cast<uint64_t>(__builtin_fabsf(value));
    for (int i = exponent; i < 15; i++) sixteen *= 10;
    put(out, text_of(sixteen / 100000000));
    if (exponent > 7) {
      char rest[8];
      put(rest, text_of(sixteen % 100000000));
      std::memcpy(out + 8, rest, static_cast<size_t>(exponent - 7));
    }
    out += exponent + 1;
  } else {
    *out = static_cast<char>(eight);
    if (count > 1) {
      out[1] = '.';
      put(out + 2, eight >> 8);
      out[9] = ninth;
      out += count + 1;
    } else {
      out++;
    }
    const int magnitude = exponent < 0 ? -exponent : exponent;
    out[0] = 'e';
    out[1] = exponent < 0 ? '-' : '+';
    out[2] = static_cast<char>('0' + magnitude / 10);
    out[3] = static_cast<char>('0' + magnitude % 10);
    out += 4;
  }
  return out;
}
