// Writes an .npy file of float32 rows to standard output, a row at a time: rows N WIDTH. Seeded, so that every run has
// the same rows: blurred blobs between 0 and 255 on a black ground, as images of digits are.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t state = 1;

static uint64_t draw(void) {
  uint64_t z = state += 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

int main(int count, char **arguments) {
  if (count != 3) return fprintf(stderr, "usage: rows N WIDTH\n"), 2;
  long rows = atol(arguments[1]), width = atol(arguments[2]);
  char header[118];
  int used =
      snprintf(header, sizeof header, "{'descr': '<f4', 'fortran_order': False, 'shape': (%ld, %ld), }", rows, width);
  for (; used < 117; used++) header[used] = ' ';
  header[117] = '\n';
  fwrite("\x93NUMPY\1\0\x76\0", 1, 10, stdout);
  fwrite(header, 1, sizeof header, stdout);
  float *row = malloc(sizeof(float) * (size_t)width);
  if (!row) return 1;
  for (long n = 0; n < rows; n++) {
    float ink = 0;
    uint64_t bits = 0;
    for (long k = 0; k < width; k++) {
      if (k % 64 == 0) bits = draw();
      ink = 0.7f * ink + ((bits >> (k % 64) & 7) == 0 ? 76.5f : 0);
      row[k] = ink < 8 ? 0 : ink;
    }
    if (fwrite(row, sizeof(float), (size_t)width, stdout) != (size_t)width) return perror("rows"), 1;
  }
  free(row);
  return fflush(stdout) ? (perror("rows"), 1) : 0;
}
