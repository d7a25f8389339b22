// Steps of a zone's history made one difference (RFC 1995 §6), for an answer to a client that is
// many versions behind.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/dns/serial.h"
#include "common/zone/version_store.h"

namespace twinzone::transfer {

// Steps of more octets than this are not condensed: it is done at once, on the loop.
inline constexpr std::uint64_t kMaxCondensedBytes = std::uint64_t{1} << 20;

// Pages like those of the journal. Plain value; cursors share it and keep it.
class CondensedHistory {
  public:
    // The way from `from` to the snapshot's version. Requires: there is one. Errors are the
    // store's.
    [[nodiscard]] static Result<CondensedHistory> make(const zone::Snapshot& snapshot,
                                                       dns::Serial from);

    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::unique_ptr<zone::PageCursor> pages() const;

  private:
    std::shared_ptr<const std::vector<Bytes>> pages_;
    std::uint64_t bytes_ = 0;
};

}  // namespace twinzone::transfer
