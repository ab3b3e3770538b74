#include "FastJSON.h"
