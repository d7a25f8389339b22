#include "tests/sim/shared_checkers.h"

#include <algorithm>

#include <fmt/format.h>

namespace twinzone::sim {

namespace {

std::string key_of(const dns::Name& zone) {
    return zone.lowered().to_text();
}

TableMark mark_of(const zone::Version& version) {
    return {.serial = version.serial().value(), .digest = version.digest.to_text()};
}

}  // namespace

void SharedCheckers::handle_before(const dns::Name& zone, const zone::Version& version) {
    before_[key_of(zone)].push_back(mark_of(version));
}

// A fork: a version that does not go on from the last one, a serial with two contents, a writer who
// is not the last one any more.
void SharedCheckers::take(const VersionRow& row) {
    const TableEntry& entry = row.entry;
    Chain& chain = chains_[entry.zone];
    const std::string what =
        fmt::format("version {} of {}, serial {}", row.number, entry.zone, entry.to.serial);
    if (row.token < chain.token) {
        violate("fenced", fmt::format("{} was written under lease {}, behind one under lease {}",
                                      what, row.token, chain.token));
    }
    const std::optional<TableMark> last =
        chain.marks.empty() ? std::nullopt : std::optional{chain.marks.back()};
    if (last && entry.from != last) {
        violate("fork", fmt::format("{} does not go on from serial {}", what, last->serial));
    }
    if (row.number != static_cast<std::int64_t>(chain.marks.size()) + 1) {
        violate("fork", fmt::format("{} is the history's number {}", what, chain.marks.size() + 1));
    }
    const auto [known, is_new] = chain.digests.emplace(entry.to.serial, entry.to.digest);
    if (!is_new && known->second != entry.to.digest) {
        violate("serial_twice", what + ": its serial had other content before");
    }
    chain.token = row.token;
    chain.marks.push_back(entry.to);
}

std::optional<std::ptrdiff_t> SharedCheckers::place(const std::string& zone,
                                                    const TableMark& mark) const {
    const auto chain = chains_.find(zone);
    if (chain != chains_.end()) {
        const auto& marks = chain->second.marks;
        const auto at = std::find(marks.rbegin(), marks.rend(), mark);
        if (at != marks.rend()) {
            return std::distance(at, marks.rend()) - 1;
        }
    }
    const auto before = before_.find(zone);
    const bool was_there = before != before_.end() &&
                           std::count(before->second.begin(), before->second.end(), mark) > 0;
    return was_there ? std::optional<std::ptrdiff_t>{-1} : std::nullopt;
}

void SharedCheckers::handle_acknowledged(const Node& node, const dns::Name& zone,
                                         const zone::Version& version) {
    static_cast<void>(check());
    if (place(key_of(zone), mark_of(version)).value_or(-1) < 0) {
        violate("acknowledged_lost",
                fmt::format("{} acknowledged {} serial {}, which is no part of the history",
                            node.settings().name, zone.to_text(), version.serial().value()));
    }
}

void SharedCheckers::handle_announced(const Node& node, const dns::Name& zone, dns::Serial serial) {
    const auto disk = node.disk().zones.find(zone.to_text());
    const bool synced = disk != node.disk().zones.end() && disk->second.content &&
                        !dns::is_newer(serial, disk->second.content->version.serial());
    if (!synced) {
        violate("announced_before_sync",
                fmt::format("{} tells of {} serial {}, which is not on its disk",
                            node.settings().name, zone.to_text(), serial.value()));
    }
}

void SharedCheckers::handle_told(const Node& node, const dns::Name& zone, const std::string& remote,
                                 dns::Serial serial) {
    told_.insert_or_assign({{node.settings().host, zone.to_text()}, remote}, serial);
}

// Whoever leads: a secondary goes on by differences from what any of its versions came from. That
// the two have one history it need not know before each gave it one (difference_base.h).
void SharedCheckers::handle_transfer(const Node& node, const dns::Name& zone,
                                     const service::TransferEnded& ended) {
    using service::TransferCause;
    if (ended.error || ended.up_to_date || !ended.from) {
        return;
    }
    ++transfers_;
    // Back to an older version and on from there may be more than the zone.
    const bool whole = ended.got == service::TransferType::axfr &&
                       ended.cause != TransferCause::after_ixfr &&
                       ended.cause != TransferCause::own_history;
    const std::string from = ended.remote.address.to_text();
    const bool first = met_.insert({{node.settings().host, zone.to_text()}, from}).second;
    if (quiet_ && whole && !first) {
        violate("whole_transfer",
                fmt::format("{} took {} whole from {}, which it knows, at serial {}",
                            node.settings().name, zone.to_text(), from, ended.from->value()));
    }
}

bool SharedCheckers::check() {
    for (; looked_at_ < tables_.log().size(); ++looked_at_) {
        take(tables_.log()[looked_at_]);
    }
    for (const Node* node : nodes_) {
        if (!node->is_alive()) {
            continue;
        }
        for (const config::Zone& zone : node->settings().zones) {
            check_served(*node, zone);
        }
        if (std::string what = node->overfull(); !what.empty()) {
            violate("queues", fmt::format("{}: {}", node->settings().name, what));
        }
        if (!node->invariants_hold()) {
            violate("timers",
                    node->settings().name + ": a zone without a timer, or counts that disagree");
        }
    }
    return !violation_;
}

void SharedCheckers::check_served(const Node& node, const config::Zone& zone) {
    const std::shared_ptr<const StoredVersion> served = node.served(zone.name);
    Seen& seen = seen_[{node.settings().host, zone.name.to_text()}];
    if (!served && seen.version) {
        violate("acknowledged_lost", fmt::format("{} had {} in service and has nothing now",
                                                 node.settings().name, zone.name.to_text()));
    }
    if (!served || served == seen.version) {
        return;
    }
    const std::string who = fmt::format("{} serves {} serial {}", node.settings().name,
                                        zone.name.to_text(), served->version.serial().value());
    if (digest_of(served->version.soa, served->records) != served->version.digest) {
        violate("whole_version", who + ": its digest is not that of its records");
    }
    const std::optional<std::ptrdiff_t> at = place(key_of(zone.name), mark_of(served->version));
    if (!at) {
        violate("not_shared", who + ": no version of the shared history");
    } else if (seen.version && *at < seen.place) {
        violate("serial_back",
                who + fmt::format(", after serial {}", seen.version->version.serial().value()));
    }
    seen = {served, at.value_or(-1)};
}

void SharedCheckers::check_at_rest() {
    for (const Node* node : nodes_) {
        for (const config::Zone& zone : node->settings().zones) {
            check_rest_of(*node, zone);
        }
        if (!node->is_at_rest()) {
            violate("at_rest", node->settings().name + ": a NOTIFY is still owed");
        }
    }
    if (std::none_of(nodes_.begin(), nodes_.end(),
                     [](const Node* node) { return node->leads(); })) {
        violate("nobody_leads", "long after the last fault");
    }
}

void SharedCheckers::check_rest_of(const Node& node, const config::Zone& zone) {
    const std::shared_ptr<const StoredVersion> served = node.served(zone.name);
    const Chain& chain = chains_[key_of(zone.name)];
    const bool in_step =
        chain.marks.empty() ? !served : served && mark_of(served->version) == chain.marks.back();
    if (!in_step) {
        violate(
            "converged",
            fmt::format("{} has {} serial {}, the history {} ({})", node.settings().name,
                        zone.name.to_text(), served ? served->version.serial().value() : 0,
                        chain.marks.empty() ? 0 : chain.marks.back().serial, node.sharing_text()));
    }
    if (served && place(key_of(zone.name), mark_of(served->version)) == 0 &&
        before_.contains(key_of(zone.name))) {
        return;  // it was told of before
    }
    for (const config::RemotePtr& remote : zone->notify) {
        const auto told = told_.find({{node.settings().host, zone.name.to_text()}, remote->name});
        if (served && (told == told_.end() || told->second != served->version.serial())) {
            violate("untold", fmt::format("{} was never told by {} of {} serial {}", remote->name,
                                          node.settings().name, zone.name.to_text(),
                                          served->version.serial().value()));
        }
    }
}

void SharedCheckers::violate(std::string checker, std::string detail) {
    if (!violation_) {
        violation_ = Violation{std::move(checker), std::move(detail)};
    }
}

}  // namespace twinzone::sim
