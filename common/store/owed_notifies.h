// Which remotes are still owed the NOTIFY of which zone: what the store's table `owed` says, or
// will say once the commits under way are written. A bit each: after a first load it may be every
// zone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/dns/name_table.h"
#include "common/zone/version_store.h"

namespace twinzone::store {

// Not thread-safe.
class OwedNotifies {
  public:
    explicit OwedNotifies(dns::NameTablePtr names) noexcept : names_(std::move(names)) {}

    void add(dns::NameView zone, std::string_view remote);
    // False where it was not owed.
    bool remove(dns::NameView zone, std::string_view remote);
    void remove_zone(dns::NameView zone);

    [[nodiscard]] std::vector<zone::VersionStore::Owed> all() const;

    // A commit under way will write it (again): to forget it in the store before that would forget
    // what is owed for the newer version.
    void commit_began(dns::NameView zone, std::string_view remote);
    void commit_ended(dns::NameView zone, std::string_view remote);
    [[nodiscard]] bool is_coming(dns::NameView zone, std::string_view remote);

  private:
    [[nodiscard]] std::uint32_t place_of(std::string_view remote);
    [[nodiscard]] std::uint64_t pair_of(dns::NameView zone, std::string_view remote);

    dns::NameTablePtr names_;
    std::vector<std::string> remotes_;
    std::unordered_map<std::string, std::uint32_t> places_;  // in remotes_
    std::vector<std::vector<bool>> owed_;                    // by place of remote, number of zone
    std::unordered_map<std::uint64_t, std::size_t> coming_;  // commits under way, by zone, remote
};

}  // namespace twinzone::store
