#pragma once
// Glibc's Swift module leaves it out; models that are dropped give their memory back by malloc_trim.
#include <malloc.h>
