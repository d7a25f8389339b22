// A store in a directory of its own, records by short words, and commits that are waited for.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/store/environment.h"
#include "common/store/record_sorter.h"
#include "common/store/store.h"
#include "common/zone/record_list.h"
#include "common/zone/version_store.h"

namespace twinzone::store::test {

// Gone with all that is in it at the end.
class TemporaryDirectory {
  public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

  private:
    std::string path_;
};

[[nodiscard]] dns::Name name(std::string_view text);
[[nodiscard]] dns::SoaRecord soa(const dns::Name& zone, std::uint32_t serial);

// Owner (relative to the zone; "" is the apex) -> text: a zone of TXT records is a model of its
// own.
using Model = std::map<std::string, std::string>;

// Records of a model in canonical order.
[[nodiscard]] zone::RecordList records_of(const dns::Name& zone, const Model& model);
[[nodiscard]] std::unique_ptr<SortedStream> stream_of(const dns::Name& zone, const Model& model,
                                                      const std::string& directory);
[[nodiscard]] zone::Diff diff_of(const dns::Name& zone, std::uint32_t from, const Model& before,
                                 std::uint32_t to, const Model& after);

// `count` names with short texts.
[[nodiscard]] Model big_model(std::size_t count, std::string_view text = "x");

class StoreFixture {
  public:
    StoreFixture();

    void open();
    void close();
    void reopen();

    // Each gives what the commit came to.
    Result<zone::Committed> replace(const dns::Name& zone, std::uint32_t serial,
                                    const Model& model);
    Result<zone::Committed> apply(const dns::Name& zone, std::vector<zone::Diff> diffs);
    Result<zone::Committed> drop(const dns::Name& zone);
    Result<zone::Committed> commit(zone::Commit commit);

    // The commit's frame: base as the store has it now.
    [[nodiscard]] zone::Commit frame(const dns::Name& zone) const;

    [[nodiscard]] std::optional<std::uint32_t> serial(const dns::Name& zone) const;
    [[nodiscard]] std::shared_ptr<const zone::Snapshot> snapshot(const dns::Name& zone);

    // Content of a snapshot. Checks that digest and counts are those of the pages.
    [[nodiscard]] static Model read(const zone::Snapshot& snapshot);
    [[nodiscard]] Model read(const dns::Name& zone);

    // "1>2 2>3", or "none".
    [[nodiscard]] std::string history(const dns::Name& zone, std::uint32_t from);

    // Entries of a table, read behind the store's back: closes and opens it.
    [[nodiscard]] std::uint64_t entries(Table table);

    TemporaryDirectory directory;
    StoreOptions options;
    std::unique_ptr<Store> store;
};

}  // namespace twinzone::store::test
