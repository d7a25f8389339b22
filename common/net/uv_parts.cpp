#include "common/net/uv_parts.h"

#include <fmt/format.h>

namespace twinzone::net {

namespace {

bool is_about_the_peer(int status) noexcept {
    switch (status) {
        case UV_ECONNREFUSED:
        case UV_ECONNRESET:
        case UV_ECONNABORTED:
        case UV_EHOSTUNREACH:
        case UV_EHOSTDOWN:
        case UV_ENETUNREACH:
        case UV_EOF:
        case UV_EPIPE:
        case UV_ETIMEDOUT: return true;
        default: return false;
    }
}

}  // namespace

Error uv_error(int status, std::string_view what) {
    // uv_strerror() allocates for codes it does not know; uv_strerror_r() does not.
    char reason[128];
    uv_strerror_r(status, reason, sizeof reason);
    return Error{is_about_the_peer(status) ? Errc::peer_unreachable : Errc::network,
                 fmt::format("{}: {}", what, reason)};
}

}  // namespace twinzone::net
