#include "RadialKernels.h"
