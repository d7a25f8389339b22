#include "common/store/batch.h"

#include <limits>

#include <fmt/format.h>

namespace twinzone::store {

namespace {

// What a small commit writes beside its pages: a path of each table, and the list of free pages.
constexpr std::uint64_t kCommitOverheadBytes = std::uint64_t{64} << 10;

}  // namespace

Result<std::optional<StoreRecord>> read_store_record(const Transaction& txn) {
    const Bytes key = store_key();
    const Result<std::optional<ByteView>> value = txn.get(Table::meta, key);
    if (!value) {
        return fail(value.error());
    }
    if (!*value) {
        return std::optional<StoreRecord>{};
    }
    const std::optional<ByteView> body = without_sum(key, **value);
    ByteReader reader{body.value_or(ByteView{})};
    StoreRecord record;
    record.format = reader.u32();
    // A newer format may have more behind the number; that it is newer is all that counts.
    if (!reader.failed() && record.format > kFormat) {
        return fail(
            Errc::store_format,
            fmt::format("the store has format {}, this program knows {}", record.format, kFormat));
    }
    record.next_id = reader.u32();
    if (reader.failed() || record.format != kFormat || reader.remaining() != 0) {
        return fail(Errc::store_corrupt, "the store's own record is damaged");
    }
    return std::optional{record};
}

Result<void> write_store_record(WriteTransaction& txn, const StoreRecord& record) {
    Bytes body;
    ByteWriter writer{body};
    writer.u32(record.format);
    writer.u32(record.next_id);
    return put_with_sum(txn, Table::meta, store_key(), body);
}

Result<Batch> Batch::begin(const EnvironmentPtr& env) {
    Result<WriteTransaction> txn = WriteTransaction::begin(env);
    if (!txn) {
        return fail(std::move(txn).error());
    }
    const Result<std::optional<StoreRecord>> record = read_store_record(*txn);
    if (!record) {
        return fail(record.error());
    }
    if (!*record) {
        return fail(Errc::store_corrupt, "the store's own record is missing");
    }
    return Batch{env, *std::move(txn), **record};
}

Result<std::uint32_t> Batch::next_id() {
    if (record_.next_id == std::numeric_limits<std::uint32_t>::max()) {
        return fail(Errc::limit, "the store has given all its numbers; begin a fresh one");
    }
    return record_.next_id++;
}

Result<std::optional<ZoneRecord>> Batch::zone(ByteView zone_key) const {
    const Result<std::optional<ByteView>> value = txn_.get(Table::zones, zone_key);
    if (!value) {
        return fail(value.error());
    }
    const std::optional<ByteView> body = *value ? without_sum(zone_key, **value) : std::nullopt;
    return body ? decode_zone_record(*body) : std::nullopt;
}

Result<void> Batch::put_zone(ByteView zone_key, const ZoneRecord& record) {
    return put_with_sum(txn_, Table::zones, zone_key, encode(record));
}

Result<HoldRecord> Batch::hold(ByteView zone_key) const {
    const Result<std::optional<ByteView>> value = txn_.get(Table::holds, zone_key);
    if (!value) {
        return fail(value.error());
    }
    const std::optional<ByteView> body = *value ? without_sum(zone_key, **value) : std::nullopt;
    const std::optional<HoldRecord> record = body ? decode_hold_record(*body) : std::nullopt;
    return record.value_or(HoldRecord{});
}

Result<void> Batch::put_hold(ByteView zone_key, const HoldRecord& record) {
    if (!record.hold.empty()) {
        return put_with_sum(txn_, Table::holds, zone_key, encode(record));
    }
    const Result<bool> erased = txn_.erase(Table::holds, zone_key);
    return erased ? Result<void>{} : fail(erased.error());
}

Result<void> Batch::begin_sweep(SweepItem item) {
    sweeps_.push_back(item);
    return name_unfinished(item);
}

Result<void> Batch::name_unfinished(SweepItem item) {
    return txn_.put(Table::meta, sweep_key(item), {});
}

Result<void> Batch::end_sweep(SweepItem item) {
    const Result<bool> erased = txn_.erase(Table::meta, sweep_key(item));
    if (!erased) {
        return fail(erased.error());
    }
    return {};
}

Result<void> Batch::room_for(std::uint64_t bytes) {
    const std::uint64_t max = env_->max_bytes();
    const std::uint64_t wanted = used_ + written_ + bytes + kCommitOverheadBytes;
    if (wanted <= max) {
        return {};
    }
    if (!free_) {
        // LMDB shows its free list to readers only.
        const Result<std::shared_ptr<const ReadTransaction>> reader = ReadTransaction::begin(env_);
        const Result<std::uint64_t> counted =
            reader ? (*reader)->free_bytes() : fail(reader.error());
        if (!counted) {
            return fail(counted.error());
        }
        free_ = *counted;
    }
    if (wanted - std::min(*free_, wanted) > max) {
        return fail(Errc::store_full, fmt::format("the store would grow past its {} octets", max));
    }
    return {};
}

Result<void> Batch::commit() {
    if (record_.next_id != saved_.next_id) {
        if (Result<void> put = write_store_record(txn_, record_); !put) {
            return put;
        }
    }
    return txn_.commit();
}

}  // namespace twinzone::store
