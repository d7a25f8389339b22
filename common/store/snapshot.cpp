#include "common/store/snapshot.h"

#include "common/store/content.h"
#include "common/store/journal.h"
#include "common/store/keys.h"

namespace twinzone::store {

namespace {

std::vector<zone::HistoryStep> steps_of(Way way) {
    std::vector<zone::HistoryStep> steps;
    steps.reserve(way.steps.size());
    for (StepHead& head : way.steps) {
        steps.push_back(std::move(head.step));
    }
    return steps;
}

Result<ZoneRecord> record_with_version(const ReadTransaction& txn, ByteView zone_key) {
    const Result<std::optional<ByteView>> value = txn.get(Table::zones, zone_key);
    if (!value) {
        return fail(value.error());
    }
    if (!*value) {
        return fail(Errc::not_found, "the zone is not in the store");
    }
    const std::optional<ByteView> body = without_sum(zone_key, **value);
    std::optional<ZoneRecord> record = body ? decode_zone_record(*body) : std::nullopt;
    if (!record) {
        return fail(Errc::store_corrupt, "the zone's record does not match its sum");
    }
    if (!record->version) {
        return fail(Errc::not_found, "the zone has no version");
    }
    return *std::move(record);
}

}  // namespace

StoredSnapshot::StoredSnapshot(std::shared_ptr<const ReadTransaction> txn,
                               ZoneRecord record) noexcept
    : txn_(std::move(txn)), record_(std::move(record)) {
    ++txn_->environment().snapshots;
}

StoredSnapshot::~StoredSnapshot() {
    --txn_->environment().snapshots;
}

std::unique_ptr<zone::PageCursor> StoredSnapshot::pages() const {
    return std::make_unique<ContentCursor>(*txn_, record_.content);
}

Result<std::optional<std::vector<zone::HistoryStep>>> StoredSnapshot::history(
    dns::Serial serial) const {
    Result<std::optional<Way>> way = find_way(*txn_, record_, serial);
    if (!way) {
        return fail(std::move(way).error());
    }
    if (!*way) {
        return std::optional<std::vector<zone::HistoryStep>>{};
    }
    return std::optional{steps_of(std::move(**way))};
}

Result<std::unique_ptr<zone::PageCursor>> StoredSnapshot::history_pages(dns::Serial serial) const {
    Result<std::optional<Way>> way = find_way(*txn_, record_, serial);
    if (!way) {
        return fail(std::move(way).error());
    }
    if (!*way) {
        return std::unique_ptr<zone::PageCursor>{};
    }
    return std::unique_ptr<zone::PageCursor>{
        std::make_unique<WayCursor>(*txn_, record_.journal, **std::move(way))};
}

Result<std::vector<zone::HistoryStep>> StoredSnapshot::all_history() const {
    Result<Way> way = longest_way(*txn_, record_);
    if (!way) {
        return fail(std::move(way).error());
    }
    return steps_of(std::move(*way));
}

Result<std::unique_ptr<zone::PageCursor>> StoredSnapshot::step_pages(std::size_t back) const {
    const std::uint64_t number = record_.next_step - 1 - back;
    Result<std::optional<StepHead>> head = read_head(*txn_, record_.journal, number);
    if (!head) {
        return fail(std::move(head).error());
    }
    if (!*head) {
        return fail(Errc::store_corrupt, "a step of the zone's history is missing or damaged");
    }
    Way way{.first_step = number, .steps = {}};
    way.steps.push_back(std::move(**head));
    return std::unique_ptr<zone::PageCursor>{
        std::make_unique<WayCursor>(*txn_, record_.journal, std::move(way))};
}

Result<std::shared_ptr<const ReadTransaction>> Snapshots::transaction(const EnvironmentPtr& env) {
    const std::lock_guard guard{mutex_};
    if (auto latest = latest_.lock();
        latest && &latest->environment() == env.get() && latest->commit() == env->last_commit()) {
        return latest;
    }
    Result<std::shared_ptr<const ReadTransaction>> begun = ReadTransaction::begin(env);
    if (begun) {
        latest_ = *begun;
    }
    return begun;
}

Result<std::shared_ptr<const zone::Snapshot>> Snapshots::take(const EnvironmentPtr& env,
                                                              ByteView zone_key) {
    Result<std::shared_ptr<const ReadTransaction>> txn = transaction(env);
    if (!txn) {
        return fail(std::move(txn).error());
    }
    Result<ZoneRecord> record = record_with_version(**txn, zone_key);
    if (!record) {
        return fail(std::move(record).error());
    }
    return std::shared_ptr<const zone::Snapshot>{
        std::make_shared<StoredSnapshot>(*std::move(txn), *std::move(record))};
}

Result<std::shared_ptr<const HeldSnapshot>> Snapshots::take_held(const EnvironmentPtr& env,
                                                                 ByteView zone_key) {
    Result<std::shared_ptr<const ReadTransaction>> txn = transaction(env);
    if (!txn) {
        return fail(std::move(txn).error());
    }
    Result<ZoneRecord> record = record_with_version(**txn, zone_key);
    const Result<std::optional<ByteView>> value = (*txn)->get(Table::holds, zone_key);
    if (!record || !value) {
        return fail(!record ? record.error() : value.error());
    }
    const std::optional<ByteView> body = *value ? without_sum(zone_key, **value) : std::nullopt;
    std::optional<HoldRecord> hold = body ? decode_hold_record(*body) : std::nullopt;
    if (!hold || !hold->hold.held) {
        return fail(Errc::not_found, "no version of the zone is held");
    }
    return std::shared_ptr<const HeldSnapshot>{
        std::make_shared<HeldSnapshot>(*std::move(txn), *std::move(record), *std::move(hold))};
}

}  // namespace twinzone::store
