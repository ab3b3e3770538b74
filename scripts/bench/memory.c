// What cores read: GB/s of a block of BYTES, again and again, all threads beginning together, each with a part of its
// own; the best of 15 passes. A limit for a network's lone row, which reads every weight once.
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

enum { MAX_THREADS = 64, PASSES = 15, LANES = 32 };

static const uint64_t *block;
static size_t words, repeats, threads;
static double began[MAX_THREADS], ended[MAX_THREADS];
static pthread_barrier_t barrier;
static volatile uint64_t sink;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void *read_part(void *argument) {
  const size_t index = (size_t)(uintptr_t)argument, share = words / threads / LANES * LANES;
  const uint64_t *part = block + share * index;
  for (int pass = 0; pass < PASSES; pass++) {
    pthread_barrier_wait(&barrier);
    began[index] = now();
    // So many sums that none waits for another: the loop becomes loads with an operation each.
    uint64_t sums[LANES] = {0};
    for (size_t repeat = 0; repeat < repeats; repeat++) {
      for (size_t i = 0; i < share; i += LANES)
        for (size_t lane = 0; lane < LANES; lane++) sums[lane] ^= part[i + lane];
      __asm__ volatile("" ::: "memory");
    }
    ended[index] = now();
    for (size_t lane = 0; lane < LANES; lane++) sink = sink ^ sums[lane];
    pthread_barrier_wait(&barrier);
  }
  return NULL;
}

int main(int count, char **arguments) {
  if (count != 3) return fprintf(stderr, "expected BYTES THREADS\n"), 2;
  const size_t bytes = strtoul(arguments[1], NULL, 10);
  threads = strtoul(arguments[2], NULL, 10);
  words = bytes / sizeof *block;
  if (threads < 1 || threads > MAX_THREADS || words < threads * LANES || bytes > (size_t)1 << 34)
    return fprintf(stderr, "expected 1 to 64 threads, and 256 bytes for each\n"), 2;
  uint64_t *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return perror("memory"), 1;
  madvise(memory, bytes, MADV_HUGEPAGE);
  for (size_t i = 0; i < words; i++) memory[i] = i;
  block = memory;
  repeats = 1 + ((size_t)1 << 27) / bytes;
  pthread_barrier_init(&barrier, NULL, (unsigned)threads + 1);
  pthread_t started[MAX_THREADS];
  for (size_t i = 0; i < threads; i++) pthread_create(started + i, NULL, read_part, (void *)(uintptr_t)i);
  double best = 0;
  for (int pass = 0; pass < PASSES; pass++) {
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    double first = began[0], last = ended[0];
    for (size_t i = 1; i < threads; i++) {
      if (began[i] < first) first = began[i];
      if (ended[i] > last) last = ended[i];
    }
    const double rate = (double)(words / threads / LANES * LANES * threads * sizeof *block * repeats) / (last - first);
    if (rate > best) best = rate;
  }
  for (size_t i = 0; i < threads; i++) pthread_join(started[i], NULL);
  printf("%.2f\n", best * 1e-9);
}
