#pragma once
// openat2(2) has no function in glibc, and syscall(2) is variadic, which Swift does not call.
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Opens a regular file for reading that lies beneath a directory, by no `..`, link or mount magic out of it; -1 with
/// errno otherwise.
static inline int radial_open_beneath(int directory, const char *path) {
  struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
                         .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
  return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}
