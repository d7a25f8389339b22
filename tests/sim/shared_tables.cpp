#include "tests/sim/shared_tables.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "common/shared/schema.h"

namespace twinzone::sim {

namespace {

constexpr Duration kUnusedBlobs = hours{1};
constexpr std::int64_t kMinSnapshotBytes = 1'048'576;

SqlError refused(std::string_view state, std::string words) {
    return {.state = std::string{state}, .words = std::move(words)};
}

}  // namespace

SharedTables::Lease SharedTables::hold_lease(Duration now, const std::string& who, std::int64_t had,
                                             Duration length) {
    if (lease_.expires <= now) {
        ++lease_.token;
        lease_.holder = who;
        lease_.expires = now + length;
    } else if (lease_.holder == who && lease_.token == had) {
        lease_.expires = now + length;
    }
    return {.is_ours = lease_.holder == who, .row = lease_};
}

void SharedTables::release_lease(Duration now, const std::string& who, std::int64_t had) {
    if (lease_.holder == who && lease_.token == had) {
        lease_.expires = now;
    }
}

std::optional<SqlError> SharedTables::check_lease(Duration now, const std::string& who,
                                                  std::int64_t had) const {
    if (lease_.holder != who || lease_.token != had || lease_.expires <= now) {
        return refused(shared::kNotTheLeader, "the lease is not ours any more");
    }
    return std::nullopt;
}

std::int64_t SharedTables::stage(Duration now, std::optional<std::int64_t> blob, std::int64_t first,
                                 const std::vector<Bytes>& pages) {
    const std::int64_t id = blob ? *blob : ++last_blob_;
    if (!blob) {
        blobs_[id].staged = now;
        relaxed_.emplace_back([this, id] { blobs_.erase(id); });
    }
    for (std::size_t i = 0; i < pages.size(); ++i) {
        blobs_[id].pages.emplace(first + static_cast<std::int64_t>(i), pages[i]);
    }
    relaxed_.emplace_back([this, id, first, count = pages.size()] {
        const auto at = blobs_.find(id);
        for (std::size_t i = 0; at != blobs_.end() && i < count; ++i) {
            at->second.pages.erase(first + static_cast<std::int64_t>(i));
        }
    });
    return id;
}

void SharedTables::lose_relaxed() {
    std::for_each(relaxed_.rbegin(), relaxed_.rend(), [](const auto& undo) { undo(); });
    relaxed_.clear();
}

std::vector<Bytes> SharedTables::pages(std::int64_t blob, std::int64_t first,
                                       std::int64_t end) const {
    std::vector<Bytes> found;
    const auto at = blobs_.find(blob);
    if (at == blobs_.end()) {
        return found;
    }
    for (auto page = at->second.pages.lower_bound(first);
         page != at->second.pages.end() && page->first < end; ++page) {
        found.push_back(page->second);
    }
    return found;
}

std::optional<SqlError> SharedTables::check_entry(const TableEntry& entry,
                                                  std::int64_t blob) const {
    const auto zone = zones_.find(entry.zone);
    if (zone == zones_.end() && !entry.whole) {
        return refused(shared::kOtherHistory, "the zone has no history yet");
    }
    if (zone != zones_.end() && zone->second.mark != entry.from) {
        return refused(shared::kOtherHistory,
                       fmt::format("zone {} has version {} in the shared history", entry.zone,
                                   zone->second.mark.serial));
    }
    const std::size_t there = pages(blob, entry.first, entry.first + entry.pages).size();
    if (there != static_cast<std::size_t>(entry.pages)) {
        return refused("TZ003", "pages are missing");
    }
    return std::nullopt;
}

std::optional<SqlError> SharedTables::append(Duration now, const std::string& who, std::int64_t had,
                                             std::int64_t blob,
                                             const std::vector<TableEntry>& entries) {
    if (std::optional<SqlError> error = check_lease(now, who, had)) {
        return error;
    }
    std::set<std::string> seen;
    for (const TableEntry& entry : entries) {
        // Twice the same zone in one call would need the row of the first: it does not come.
        if (std::optional<SqlError> error = check_entry(entry, blob);
            error || !seen.insert(entry.zone).second) {
            return error ? error : refused("TZ002", "twice the same zone");
        }
    }
    for (const TableEntry& entry : entries) {
        insert(now, entry, blob, had);
    }
    make_lasting();
    return std::nullopt;
}

void SharedTables::insert(Duration now, const TableEntry& entry, std::int64_t blob,
                          std::int64_t token) {
    const std::int64_t number = zones_[entry.zone].number + 1;
    const std::int64_t sequence = ++lease_.last_sequence;
    zones_[entry.zone] = {.number = number, .sequence = sequence, .mark = entry.to};
    VersionRow row{.number = number,
                   .entry = entry,
                   .blob = blob,
                   .sequence = sequence,
                   .token = token,
                   .committed = now};
    log_.push_back(row);
    versions_[entry.zone].emplace(number, std::move(row));
    if (entry.whole) {
        snapshots_[entry.zone] = {.number = number,
                                  .mark = entry.to,
                                  .soa = entry.soa,
                                  .blob = blob,
                                  .first = entry.first,
                                  .pages = entry.pages,
                                  .bytes = entry.bytes};
    }
}

std::optional<SqlError> SharedTables::put_snapshot(Duration now, const std::string& who,
                                                   std::int64_t had, std::int64_t blob,
                                                   const TableEntry& entry) {
    if (std::optional<SqlError> error = check_lease(now, who, had)) {
        return error;
    }
    const auto zone = zones_.find(entry.zone);
    const auto snapshot = snapshots_.find(entry.zone);
    const auto there = static_cast<std::int64_t>(pages(blob, 0, entry.pages + 1).size());
    if (zone != zones_.end() && snapshot != snapshots_.end() && zone->second.mark == entry.to &&
        there == entry.pages) {
        snapshot->second = {.number = zone->second.number,
                            .mark = entry.to,
                            .soa = entry.soa,
                            .blob = blob,
                            .first = 0,
                            .pages = entry.pages,
                            .bytes = entry.bytes};
    }
    make_lasting();
    return std::nullopt;
}

std::vector<std::string> SharedTables::wants_snapshot(Duration now, const Limits& limits) const {
    std::vector<std::string> found;
    for (const auto& [zone, snapshot] : snapshots_) {
        std::int64_t count = 0;
        std::int64_t bytes = 0;
        bool is_old = false;
        const auto& rows = versions(zone);
        for (auto row = rows.upper_bound(snapshot.number); row != rows.end(); ++row) {
            ++count;
            bytes += row->second.entry.bytes;
            is_old = is_old || row->second.committed < now - limits.age;
        }
        const std::int64_t most_bytes =
            std::min(std::max(snapshot.bytes, kMinSnapshotBytes), limits.bytes);
        if (count > std::max<std::int64_t>(limits.versions / 2, 1) || bytes > most_bytes ||
            is_old) {
            found.push_back(zone);
        }
    }
    return found;
}

std::optional<SqlError> SharedTables::prune(Duration now, const std::string& who, std::int64_t had,
                                            const Limits& limits) {
    if (std::optional<SqlError> error = check_lease(now, who, had)) {
        return error;
    }
    for (auto& [zone, rows] : versions_) {
        std::int64_t place = 0;
        std::int64_t total = 0;
        std::vector<std::int64_t> old;
        for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
            ++place;
            total += row->second.entry.bytes;
            const bool is_beyond = place > limits.versions || total > limits.bytes ||
                                   row->second.committed < now - limits.age;
            if (is_beyond && row->first <= snapshots_.at(zone).number) {
                old.push_back(row->first);
            }
        }
        for (const std::int64_t number : old) {
            rows.erase(number);
        }
    }
    drop_unused_blobs(now);
    return std::nullopt;
}

void SharedTables::drop_unused_blobs(Duration now) {
    std::set<std::int64_t> used;
    for (const auto& [zone, rows] : versions_) {
        for (const auto& [number, row] : rows) {
            used.insert(row.blob);
        }
    }
    for (const auto& [zone, snapshot] : snapshots_) {
        used.insert(snapshot.blob);
    }
    std::erase_if(blobs_, [&](const auto& blob) {
        return blob.second.staged < now - kUnusedBlobs && !used.contains(blob.first);
    });
}

const std::map<std::int64_t, VersionRow>& SharedTables::versions(const std::string& zone) const {
    static const std::map<std::int64_t, VersionRow> kNone;
    const auto at = versions_.find(zone);
    return at == versions_.end() ? kNone : at->second;
}

const SnapshotRow* SharedTables::snapshot(const std::string& zone) const {
    const auto at = snapshots_.find(zone);
    return at == snapshots_.end() ? nullptr : &at->second;
}

}  // namespace twinzone::sim
