#include "common/store/pages_ahead.h"

#include <utility>

namespace twinzone::store {

namespace {

using Pages = std::vector<zone::EncodedPage>;

// The most octets that wait to be taken.
constexpr std::size_t kPagesAheadBytes = std::size_t{8} << 20;
constexpr std::size_t kRecordsAheadBytes = std::size_t{1} << 20;

// Handed over together.
constexpr std::size_t kPagesTogether = 16;
constexpr std::size_t kRecordBytesTogether = std::size_t{64} << 10;

std::size_t octets_of_pages(const Pages& pages) {
    std::size_t octets = 0;
    for (const zone::EncodedPage& page : pages) {
        octets += page.message.size();
    }
    return octets;
}

std::size_t octets_of_records(const zone::RecordList& records) {
    return records.memory_bytes();
}

Result<Pages> make_pages(zone::VersionEncoder& encoder) {
    Pages pages;
    pages.reserve(kPagesTogether);
    while (pages.size() < kPagesTogether) {
        Result<std::optional<zone::EncodedPage>> page = encoder.next();
        if (!page) {
            return fail(std::move(page).error());
        }
        if (!*page) {
            break;
        }
        pages.push_back(std::move(**page));
    }
    return pages;
}

Result<zone::RecordList> read_records(zone::RecordStream& from) {
    zone::RecordList records;
    records.reserve_octets(kRecordBytesTogether + zone::FlatRecord::kMaxBytes);
    while (records.octets().size() < kRecordBytesTogether) {
        Result<std::optional<dns::RecordView>> record = from.next();
        if (!record) {
            return fail(std::move(record).error());
        }
        if (!*record) {
            break;
        }
        records.append(**record);
    }
    return records;
}

}  // namespace

PagesAhead::PagesAhead(zone::VersionEncoder& encoder)
    : pages_([&encoder] { return make_pages(encoder); }, octets_of_pages, kPagesAheadBytes) {}

RecordsAhead::RecordsAhead(zone::RecordStream& from)
    : records_([&from] { return read_records(from); }, octets_of_records, kRecordsAheadBytes) {}

Result<std::optional<dns::RecordView>> RecordsAhead::next() {
    if (at_ == batch_.size() && !ended_) {
        Result<zone::RecordList> batch = records_.next();
        ended_ = !batch || batch->empty();
        if (!batch) {
            return fail(std::move(batch).error());
        }
        batch_ = *std::move(batch);
        at_ = 0;
    }
    return ended_ ? std::optional<dns::RecordView>{} : std::optional{batch_[at_++]};
}

}  // namespace twinzone::store
