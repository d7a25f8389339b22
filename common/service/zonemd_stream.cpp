#include "common/service/zonemd_stream.h"

#include <utility>

#include "common/zone/record_list.h"

namespace twinzone::service {

ZonemdStream::ZonemdStream(std::unique_ptr<store::SortedStream> records, dns::Record zonemd)
    : records_(std::move(records)), zonemd_(std::move(zonemd)) {}

bool ZonemdStream::is_replaced(const dns::RecordView& record) const {
    return record.type == dns::RrType::zonemd && record.owner == zonemd_.owner.view();
}

Result<std::optional<dns::RecordView>> ZonemdStream::next() {
    if (waiting_) {
        return std::exchange(waiting_, std::nullopt);
    }
    for (;;) {
        Result<std::optional<dns::RecordView>> record = records_->next();
        if (!record) {
            return record;
        }
        if (*record && is_replaced(**record)) {
            continue;
        }
        const bool is_ours_next =
            !is_given_ && (!*record || zone::compare_canonical(zonemd_.view(), **record) < 0);
        if (is_ours_next) {
            is_given_ = true;
            waiting_ = *record;
            return std::optional{zonemd_.view()};
        }
        return record;
    }
}

Result<void> ZonemdStream::rewind() {
    waiting_.reset();
    is_given_ = false;
    return records_->rewind();
}

}  // namespace twinzone::service
