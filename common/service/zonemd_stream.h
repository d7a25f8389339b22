// A zone's records with a ZONEMD of ours in the place of those that came with them.
#pragma once

#include <memory>

#include "common/store/record_sorter.h"

namespace twinzone::service {

// Not thread-safe.
class ZonemdStream final : public store::SortedStream {
  public:
    // Requires: `records` is at its start; `zonemd` is at the apex.
    ZonemdStream(std::unique_ptr<store::SortedStream> records, dns::Record zonemd);

    [[nodiscard]] Result<std::optional<dns::RecordView>> next() override;
    [[nodiscard]] Result<void> rewind() override;
    [[nodiscard]] std::uint64_t octets() const noexcept override { return records_->octets(); }
    [[nodiscard]] std::uint64_t dropped() const noexcept override { return records_->dropped(); }

  private:
    [[nodiscard]] bool is_replaced(const dns::RecordView& record) const;

    std::unique_ptr<store::SortedStream> records_;
    dns::Record zonemd_;
    std::optional<dns::RecordView> waiting_;  // behind ours
    bool is_given_ = false;                   // ours
};

}  // namespace twinzone::service
