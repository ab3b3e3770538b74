// Whatever every processor of the architecture has. Without a fused multiply-add in hardware each one is a call of
// fmaf: slow, and the same bits.
#define LANES 4
#define REGISTERS 16
#define TABLE radial_portable
#include "generic/table.h"
