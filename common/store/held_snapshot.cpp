#include "common/store/held_snapshot.h"

#include "common/store/content.h"
#include "common/store/hold_plan.h"
#include "common/zone/condense.h"
#include "common/zone/page_records.h"
#include "common/zone/patched_stream.h"

namespace twinzone::store {

namespace {

std::unique_ptr<zone::RecordStream> records_of(const ReadTransaction& txn, std::uint32_t content) {
    return std::make_unique<zone::PageRecords>(std::make_unique<ContentCursor>(txn, content));
}

}  // namespace

HeldSnapshot::HeldSnapshot(std::shared_ptr<const ReadTransaction> txn, ZoneRecord record,
                           HoldRecord hold) noexcept
    : txn_(std::move(txn)), record_(std::move(record)), hold_(std::move(hold)) {
    ++txn_->environment().snapshots;
}

HeldSnapshot::~HeldSnapshot() {
    --txn_->environment().snapshots;
}

Result<std::unique_ptr<zone::RecordStream>> HeldSnapshot::held_records() const {
    if (hold_.content.item.kind == SweepItem::Kind::content) {
        return records_of(*txn_, hold_.content.item.id);
    }
    const Result<std::vector<zone::Diff>> diffs = read_held_diffs(*txn_, hold_);
    if (!diffs) {
        return fail(diffs.error());
    }
    Result<zone::Diff> joined = zone::condense(*diffs);
    if (!joined) {
        return fail(std::move(joined).error());
    }
    return std::unique_ptr<zone::RecordStream>{
        std::make_unique<zone::PatchedStream>(records_in_service(), *std::move(joined))};
}

std::unique_ptr<zone::RecordStream> HeldSnapshot::records_in_service() const {
    return records_of(*txn_, record_.content);
}

}  // namespace twinzone::store
