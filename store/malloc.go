package store

// #include <stdlib.h>
// #ifdef __GLIBC__
// #include <malloc.h>
// static void keep_memory(void) { mallopt(M_TRIM_THRESHOLD, 16 << 20); mallopt(M_ARENA_MAX, 2); }
// #else
// static void keep_memory(void) {}
// #endif
import "C"

// keepMemory has the C library keep what SQLite frees, up to 16 MiB. Every commit
// empties the page caches of the readers; returned to the system each time, the same
// pages would be faulted in again for the next read.
func keepMemory() { C.keep_memory() }
