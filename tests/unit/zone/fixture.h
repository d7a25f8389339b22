// What the tests of common/zone share: a page table in memory, a zone in it, and the checks that
// hold for every zone.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/zone/diff.h"
#include "common/zone/page_edit.h"
#include "common/zone/page_overlay.h"
#include "common/zone/record_list.h"
#include "common/zone/record_stream.h"
#include "common/zone/version_encoder.h"
#include "common/zone/version_store.h"

namespace twinzone::zone::test {

[[nodiscard]] dns::Name name(std::string_view text);
[[nodiscard]] dns::Record record(std::string_view owner, dns::RrType type, Bytes rdata,
                                 std::uint32_t ttl = 300);
[[nodiscard]] dns::Record a(std::string_view owner, std::uint32_t address, std::uint32_t ttl = 300);
[[nodiscard]] dns::Record txt(std::string_view owner, std::string_view text);
// NS, CNAME, PTR …: rdata is one name.
[[nodiscard]] dns::Record named(std::string_view owner, dns::RrType type, std::string_view target);
[[nodiscard]] dns::SoaRecord soa(std::uint32_t serial, std::string_view apex = "example.");

// In canonical order.
[[nodiscard]] RecordList list_of(const std::vector<dns::Record>& records);
[[nodiscard]] bool same_records(const RecordList& a, const RecordList& b);

class ListStream : public RecordStream {
  public:
    explicit ListStream(const RecordList& list) noexcept : list_(list) {}
    Result<std::optional<dns::RecordView>> next() override;

  private:
    const RecordList& list_;
    std::size_t index_ = 0;
};

class MapTable : public PageTable {
  public:
    Result<std::optional<Entry>> last_at_or_before(ByteView key) const override;
    Result<std::optional<Entry>> first_after(ByteView key) const override;

    // Puts the changes of an overlay.
    void write(const PageChanges& changes);

    std::map<Bytes, Bytes, KeyOrder> pages;
};

class MapCursor : public PageCursor {
  public:
    explicit MapCursor(const MapTable& table) noexcept : at_(table.pages.begin()), table_(table) {}
    Result<std::optional<ByteView>> next() override;

  private:
    std::map<Bytes, Bytes, KeyOrder>::const_iterator at_;
    const MapTable& table_;
};

struct Zone {
    MapTable table;
    Version version;

    // Filled by VersionEncoder. Requires: canonical order.
    Zone(const dns::SoaRecord& soa, const RecordList& records);

    // apply() and write, as a store does. Checks by Catch that one worker and two come to the same;
    // what they made is written in turns.
    Result<Applied> apply(const Diff& diff);
    [[nodiscard]] RecordList records() const;

    bool in_two_turn = false;
};

// Checks by Catch: the table is valid (page.h), holds just `expected`, and the version agrees with
// totals made from scratch.
void check_zone(const Zone& zone, const RecordList& expected);

[[nodiscard]] Diff diff_of(const dns::SoaRecord& from, const RecordList& a,
                           const dns::SoaRecord& to, const RecordList& b);

}  // namespace twinzone::zone::test
