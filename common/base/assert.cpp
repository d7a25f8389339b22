#include "common/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace twinzone {

void assertion_failed(const char* expression, const char* file, int line) noexcept {
    std::fprintf(stderr, "critical: assertion failed: %s at %s:%d\n", expression, file, line);
    std::abort();
}

}  // namespace twinzone
