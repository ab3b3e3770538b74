// What a core reads: GB/s of a block of BYTES, again and again, by the time that the thread has run; the best of 15
// passes. A limit for a network's lone row, which reads every weight once.
//
//   cc -O3 -march=native -o memory memory.c
//   ./memory BYTES

#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

// One stream reads from memory a fifth slower than four, since a core fetches ahead for each.
enum { PASSES = 15, STREAMS = 4, LANES = 32, STEP = STREAMS * LANES };

static double seconds_run(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

int main(int count, char **arguments) {
  if (count != 2) return fprintf(stderr, "expected BYTES\n"), 2;
  const size_t bytes = strtoul(arguments[1], NULL, 10);
  if (bytes < STEP * sizeof(uint64_t) || bytes > (size_t)1 << 34)
    return fprintf(stderr, "expected 1 KiB to 16 GiB\n"), 2;
  uint64_t *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) return perror("memory"), 1;
  madvise(block, bytes, MADV_HUGEPAGE);
  for (size_t i = 0; i < bytes / sizeof *block; i++) block[i] = i;
  // Words of a stream, and how often it is read in a pass.
  const size_t words = bytes / sizeof *block / STEP * LANES, repeats = 1 + ((size_t)1 << 27) / bytes;
  volatile uint64_t sink = 0;
  double best = 0;
  for (int pass = 0; pass < PASSES; pass++) {
    const double start = seconds_run();
    // So many sums that none waits for another: the loop becomes loads with an operation each.
    uint64_t sums[LANES] = {0};
    for (size_t repeat = 0; repeat < repeats; repeat++) {
      for (size_t i = 0; i < words; i += LANES)
        for (size_t stream = 0; stream < STREAMS; stream++)
          for (size_t lane = 0; lane < LANES; lane++) sums[lane] ^= block[stream * words + i + lane];
      __asm__ volatile("" ::: "memory");
    }
    const double rate = (double)(STREAMS * words * sizeof *block * repeats) / (seconds_run() - start);
    for (size_t lane = 0; lane < LANES; lane++) sink = sink ^ sums[lane];
    if (rate > best) best = rate;
  }
  printf("%.2f\n", best * 1e-9);
}
