// What the files of this folder share about libuv. Not for other folders: it includes uv.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <uv.h>

#include "common/base/error.h"
#include "common/net/stream.h"

namespace twinzone::net {

// "WHAT: reason in words". Errc::peer_unreachable for what the remote or the way to it causes,
// Errc::network for everything else.
[[nodiscard]] Error uv_error(int status, std::string_view what);

// Octets of the one buffer that all reads of a loop share: a callback consumes what was read before
// the next read begins. 20 datagrams of 64 KiB are what one recvmmsg() of libuv takes.
inline constexpr std::size_t kReadBufferBytes = 20 * (std::size_t{64} << 10);
static_assert(Stream::kMaxReadBytes <= kReadBufferBytes);

// What uv_loop_t::data points to.
struct LoopParts {
    std::unique_ptr<char[]> read_buffer = std::make_unique_for_overwrite<char[]>(kReadBufferBytes);
};

[[nodiscard]] inline char* read_buffer(const uv_handle_t* handle) noexcept {
    return static_cast<LoopParts*>(handle->loop->data)->read_buffer.get();
}

}  // namespace twinzone::net
