// What cores read: GB/s of a block of BYTES, again and again, each thread a part of its own, all beginning together, by
// the time that each has run; the best of 15 passes. A limit for a network's lone row, which reads every weight once.
//
//   cc -O3 -march=native -o memory memory.c -lpthread
//   ./memory BYTES THREADS

#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

// One stream reads from memory a fifth slower than four, since a core fetches ahead for each.
enum { MAX_THREADS = 64, PASSES = 15, STREAMS = 4, LANES = 32, STEP = STREAMS * LANES };

static const uint64_t *block;
// Words of a thread's stream, and how often it is read in a pass.
static size_t words, repeats;
static double rates[MAX_THREADS];
static pthread_barrier_t barrier;
static volatile uint64_t sink;

static double seconds_run(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void *read_part(void *argument) {
  const size_t index = (size_t)(uintptr_t)argument;
  const uint64_t *part = block + STREAMS * words * index;
  for (int pass = 0; pass < PASSES; pass++) {
    pthread_barrier_wait(&barrier);
    const double start = seconds_run();
    // So many sums that none waits for another: the loop becomes loads with an operation each.
    uint64_t sums[LANES] = {0};
    for (size_t repeat = 0; repeat < repeats; repeat++) {
      for (size_t i = 0; i < words; i += LANES)
        for (size_t stream = 0; stream < STREAMS; stream++)
          for (size_t lane = 0; lane < LANES; lane++) sums[lane] ^= part[stream * words + i + lane];
      __asm__ volatile("" ::: "memory");
    }
    rates[index] = (double)(STREAMS * words * sizeof *block * repeats) / (seconds_run() - start);
    for (size_t lane = 0; lane < LANES; lane++) sink = sink ^ sums[lane];
    pthread_barrier_wait(&barrier);
  }
  return NULL;
}

int main(int count, char **arguments) {
  if (count != 3) return fprintf(stderr, "expected BYTES THREADS\n"), 2;
  const size_t bytes = strtoul(arguments[1], NULL, 10), threads = strtoul(arguments[2], NULL, 10);
  if (threads < 1 || threads > MAX_THREADS || bytes < threads * STEP * sizeof *block || bytes > (size_t)1 << 34)
    return fprintf(stderr, "expected 1 to 64 threads, and 1 KiB for each at least\n"), 2;
  uint64_t *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return perror("memory"), 1;
  madvise(memory, bytes, MADV_HUGEPAGE);
  for (size_t i = 0; i < bytes / sizeof *memory; i++) memory[i] = i;
  block = memory;
  words = bytes / sizeof *block / threads / STEP * LANES;
  repeats = 1 + ((size_t)1 << 27) / bytes;
  pthread_barrier_init(&barrier, NULL, (unsigned)threads + 1);
  pthread_t started[MAX_THREADS];
  for (size_t i = 0; i < threads; i++) pthread_create(started + i, NULL, read_part, (void *)(uintptr_t)i);
  double best = 0;
  for (int pass = 0; pass < PASSES; pass++) {
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    double rate = 0;
    for (size_t i = 0; i < threads; i++) rate += rates[i];
    if (rate > best) best = rate;
  }
  for (size_t i = 0; i < threads; i++) pthread_join(started[i], NULL);
  printf("%.2f\n", best * 1e-9);
}
