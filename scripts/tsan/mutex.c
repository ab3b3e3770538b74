// Shows Swift's `Mutex` to the thread sanitizer. Preloaded by `scripts/test.sh --sanitize=thread`; no part of the
// product.
//
// `Mutex` takes and frees an uncontended lock by a compare-and-exchange that is compiled into the caller, where the
// sanitizer sees it (Synchronization.swiftinterface: `_lock` and `_unlock` are @_alwaysEmitIntoClient). A contended one
// goes through
// `_lockSlow` and `_unlockSlow`, a priority-inheritance futex inside libswiftSynchronization.so, which is not built
// with the sanitizer: what the lock's last holder wrote then looks unordered with what the next one reads. These two
// stand in front of them and tell. Nothing is suppressed: what a lock does not order is reported as ever.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))
#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

// sanitizer/tsan_interface.h; absent in programs built without the sanitizer.
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

SWIFT void lock_slow(uint32_t thread, SELF void *handle) __asm__(LOCK_SLOW);
SWIFT void unlock_slow(SELF void *handle) __asm__(UNLOCK_SLOW);

static void *original(const char *name) {
  void *function = dlsym(RTLD_NEXT, name);
  if (!function) {
    fprintf(stderr, "scripts/tsan/mutex.c: %s was not found: this Swift's Mutex differs; compare its interface\n",
            name);
    abort();
  }
  return function;
}

SWIFT void lock_slow(uint32_t thread, SELF void *handle) {
  static SWIFT void (*next)(uint32_t, SELF void *);
  if (!__atomic_load_n(&next, __ATOMIC_RELAXED)) {
    __atomic_store_n(&next, (SWIFT void (*)(uint32_t, SELF void *))original(LOCK_SLOW), __ATOMIC_RELAXED);
  }
  next(thread, handle);
  if (__tsan_acquire) __tsan_acquire(handle);
}

SWIFT void unlock_slow(SELF void *handle) {
  static SWIFT void (*next)(SELF void *);
  if (!__atomic_load_n(&next, __ATOMIC_RELAXED)) {
    __atomic_store_n(&next, (SWIFT void (*)(SELF void *))original(UNLOCK_SLOW), __ATOMIC_RELAXED);
  }
  if (__tsan_release) __tsan_release(handle);
  next(handle);
}
