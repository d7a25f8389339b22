#include "common/store/journal.h"

#include <algorithm>

#include "common/store/keys.h"
#include "common/zone/diff_pages.h"

namespace twinzone::store {

namespace {

constexpr std::uint8_t kHeadVersion = 1;

Bytes encode_head(const JournalStep& step) {
    const zone::HistoryStep& head = step.head;
    Bytes out;
    ByteWriter writer{out};
    writer.u8(kHeadVersion);
    put_soa(writer, head.from);
    put_soa(writer, head.to);
    writer.u32(static_cast<std::uint32_t>(step.pages.size()));
    writer.u64(head.removed);
    writer.u64(head.added);
    writer.u64(head.wire_bytes);
    writer.u64(static_cast<std::uint64_t>(head.committed.value()));
    const std::size_t size = std::min(head.source.size(), kMaxSourceBytes);
    writer.u16(static_cast<std::uint16_t>(size));
    writer.bytes(as_bytes(head.source).first(size));
    return out;
}

std::optional<StepHead> decode_head(ByteView body) {
    ByteReader reader{body};
    const std::uint8_t version = reader.u8();
    const std::optional<dns::SoaRecord> from = take_soa(reader);
    const std::optional<dns::SoaRecord> to = take_soa(reader);
    if (version != kHeadVersion || !from || !to) {
        return std::nullopt;
    }
    StepHead head;
    head.step.from = *from;
    head.step.to = *to;
    head.pages = reader.u32();
    head.step.removed = reader.u64();
    head.step.added = reader.u64();
    head.step.wire_bytes = reader.u64();
    head.step.committed = UnixTime{static_cast<std::int64_t>(reader.u64())};
    head.step.source = as_text(reader.bytes(reader.u16()));
    return reader.failed() ? std::nullopt : std::optional{std::move(head)};
}

}  // namespace

Result<JournalStep> encode_step(const zone::Diff& diff, UnixTime committed,
                                const std::string& source) {
    Result<std::vector<Bytes>> pages = zone::encode_diff_pages(diff);
    if (!pages) {
        return fail(std::move(pages).error());
    }
    JournalStep step{.head = {.from = diff.from,
                              .to = diff.to,
                              .removed = diff.removed.size(),
                              .added = diff.added.size(),
                              .wire_bytes = 0,
                              .committed = committed,
                              .source = source},
                     .pages = *std::move(pages)};
    for (const Bytes& page : step.pages) {
        step.head.wire_bytes += page.size();
    }
    return step;
}

Result<std::optional<StepHead>> read_head(const Transaction& txn, std::uint32_t journal,
                                          std::uint64_t sequence) {
    const Bytes key = step_key(journal, sequence, 0);
    const Result<std::optional<ByteView>> value = txn.get(Table::journal, key);
    if (!value) {
        return fail(value.error());
    }
    const std::optional<ByteView> body = *value ? without_sum(key, **value) : std::nullopt;
    return body ? decode_head(*body) : std::nullopt;
}

namespace {

// From the newest step back, each leading to where the one after it begins, until `is_there`;
// false where history ends before that.
template <class Stop>
Result<bool> walk_back(const Transaction& txn, const ZoneRecord& record, const Stop& is_there,
                       Way& way) {
    way.first_step = record.next_step;
    dns::Serial reached = record.version->serial();
    bool found = is_there(reached);
    while (!found && way.first_step != record.first_step) {
        Result<std::optional<StepHead>> head = read_head(txn, record.journal, way.first_step - 1);
        if (!head) {
            return fail(std::move(head).error());
        }
        if (!*head || (*head)->step.to.serial != reached) {
            break;
        }
        reached = (*head)->step.from.serial;
        way.steps.push_back(std::move(**head));
        --way.first_step;
        found = is_there(reached);
    }
    std::reverse(way.steps.begin(), way.steps.end());
    return found;
}

}  // namespace

Result<std::optional<Way>> find_way(const Transaction& txn, const ZoneRecord& record,
                                    dns::Serial serial) {
    if (!record.version) {
        return std::optional<Way>{};
    }
    Way way;
    const Result<bool> found = walk_back(
        txn, record, [serial](dns::Serial reached) { return reached == serial; }, way);
    if (!found) {
        return fail(found.error());
    }
    return *found ? std::optional{std::move(way)} : std::nullopt;
}

Result<Way> longest_way(const Transaction& txn, const ZoneRecord& record) {
    Way way;
    if (!record.version) {
        return way;
    }
    const Result<bool> walked = walk_back(
        txn, record, [](dns::Serial) { return false; }, way);
    if (!walked) {
        return fail(walked.error());
    }
    return way;
}

Result<void> append_step(WriteTransaction& txn, ZoneRecord& record, const JournalStep& step) {
    TWINZONE_ASSERT(record.journal != 0);
    std::uint32_t part = 0;
    Result<void> put = put_with_sum(
        txn, Table::journal, step_key(record.journal, record.next_step, part), encode_head(step));
    for (auto page = step.pages.begin(); put && page != step.pages.end(); ++page) {
        put = put_with_sum(txn, Table::journal, step_key(record.journal, record.next_step, ++part),
                           *page);
    }
    if (put) {
        ++record.next_step;
        record.journal_bytes += step.head.wire_bytes;
    }
    return put;
}

Result<bool> drop_oldest_step(WriteTransaction& txn, ZoneRecord& record) {
    TWINZONE_ASSERT(record.first_step < record.next_step);
    const Result<std::optional<StepHead>> head = read_head(txn, record.journal, record.first_step);
    if (!head) {
        return fail(head.error());
    }
    if (!*head || (*head)->step.wire_bytes > record.journal_bytes) {
        return false;
    }
    for (std::uint32_t part = 0; part <= (*head)->pages; ++part) {
        const Result<bool> erased =
            txn.erase(Table::journal, step_key(record.journal, record.first_step, part));
        if (!erased) {
            return fail(erased.error());
        }
    }
    ++record.first_step;
    record.journal_bytes -= (*head)->step.wire_bytes;
    return true;
}

std::uint64_t allowed_bytes(const JournalLimits& limits, std::uint64_t zone_bytes) {
    if (limits.max_bytes != 0) {
        return limits.max_bytes;
    }
    // Divided first: no share of a size overflows.
    return std::max(kMinJournalBytes, zone_bytes / 100 * limits.max_share_percent);
}

Result<std::optional<ByteView>> WayCursor::next() {
    while (step_ < way_.steps.size() && part_ == way_.steps[step_].pages) {
        ++step_;
        part_ = 0;
    }
    if (step_ == way_.steps.size()) {
        return std::optional<ByteView>{};
    }
    const Bytes key = step_key(journal_, way_.first_step + step_, ++part_);
    const Result<std::optional<ByteView>> value = txn_.get(Table::journal, key);
    if (!value) {
        return fail(value.error());
    }
    const std::optional<ByteView> page = *value ? without_sum(key, **value) : std::nullopt;
    if (!page) {
        return fail(Errc::store_corrupt, "a page of the zone's history is missing or damaged");
    }
    return std::optional{*page};
}

}  // namespace twinzone::store
