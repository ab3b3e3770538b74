// Every 64-bit ARM has these, so there is nothing to ask for.
#if defined(__aarch64__)
#define LANES 4
#define REGISTERS 32
#define TABLE radial_neon
#include "generic/table.h"
#endif
