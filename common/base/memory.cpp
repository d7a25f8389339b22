#include "common/base/memory.h"

#include <malloc.h>

namespace twinzone {

namespace {

// By itself glibc raises this to 32 MiB with what it sees.
constexpr int kLargeBlockBytes = 256 * 1024;

}  // namespace

void give_large_blocks_back() noexcept {
    mallopt(M_MMAP_THRESHOLD, kLargeBlockBytes);
}

void give_free_memory_back() noexcept {
    malloc_trim(0);
}

}  // namespace twinzone
