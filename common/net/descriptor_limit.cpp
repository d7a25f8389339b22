#include "common/net/descriptor_limit.h"

#include <algorithm>

#include <sys/resource.h>

namespace twinzone::net {

namespace {

// More is of no use to us, and some libraries walk over all that could be open.
constexpr rlim_t kMostWanted = rlim_t{1} << 20;

}  // namespace

void raise_descriptor_limit() noexcept {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return;
    }
    const rlim_t wanted = std::min(limit.rlim_max, kMostWanted);
    if (wanted > limit.rlim_cur) {
        limit.rlim_cur = wanted;
        setrlimit(RLIMIT_NOFILE, &limit);  // refused, the limit before holds
    }
}

std::size_t descriptor_limit() noexcept {
    rlimit limit{};
    return getrlimit(RLIMIT_NOFILE, &limit) == 0
               ? static_cast<std::size_t>(std::min(limit.rlim_cur, kMostWanted))
               : 0;
}

}  // namespace twinzone::net
