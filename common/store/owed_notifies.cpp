#include "common/store/owed_notifies.h"

namespace twinzone::store {

std::uint32_t OwedNotifies::place_of(std::string_view remote) {
    const auto [at, is_new] =
        places_.try_emplace(std::string{remote}, static_cast<std::uint32_t>(remotes_.size()));
    if (is_new) {
        remotes_.emplace_back(remote);
        owed_.emplace_back();
    }
    return at->second;
}

std::uint64_t OwedNotifies::pair_of(dns::NameView zone, std::string_view remote) {
    return (std::uint64_t{names_->add(zone)} << 32) | place_of(remote);
}

void OwedNotifies::add(dns::NameView zone, std::string_view remote) {
    std::vector<bool>& zones = owed_[place_of(remote)];
    const std::uint32_t number = names_->add(zone);
    if (number >= zones.size()) {
        zones.resize(std::size_t{number} + 1);
    }
    zones[number] = true;
}

bool OwedNotifies::remove(dns::NameView zone, std::string_view remote) {
    std::vector<bool>& zones = owed_[place_of(remote)];
    const std::uint32_t number = names_->add(zone);
    const bool was_owed = number < zones.size() && zones[number];
    if (was_owed) {
        zones[number] = false;
    }
    return was_owed;
}

void OwedNotifies::remove_zone(dns::NameView zone) {
    for (const std::string& remote : remotes_) {
        remove(zone, remote);
    }
}

std::vector<zone::VersionStore::Owed> OwedNotifies::all() const {
    std::vector<zone::VersionStore::Owed> all;
    for (std::size_t place = 0; place < owed_.size(); ++place) {
        for (std::uint32_t number = 0; number < owed_[place].size(); ++number) {
            if (owed_[place][number]) {
                all.push_back({dns::Name{names_->name(number)}.lowered(), remotes_[place]});
            }
        }
    }
    return all;
}

void OwedNotifies::commit_began(dns::NameView zone, std::string_view remote) {
    ++coming_[pair_of(zone, remote)];
}

void OwedNotifies::commit_ended(dns::NameView zone, std::string_view remote) {
    const auto counted = coming_.find(pair_of(zone, remote));
    if (counted != coming_.end() && --counted->second == 0) {
        coming_.erase(counted);
    }
}

bool OwedNotifies::is_coming(dns::NameView zone, std::string_view remote) {
    return coming_.contains(pair_of(zone, remote));
}

}  // namespace twinzone::store
