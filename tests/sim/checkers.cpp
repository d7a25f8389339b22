#include "tests/sim/checkers.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/service/hold_text.h"

namespace twinzone::sim {

namespace {

bool same(const zone::Version& a, const zone::Version& b) {
    return a.serial() == b.serial() && a.digest == b.digest;
}

}  // namespace

void Checkers::handle_published(const dns::Name& zone, const zone::Version& version) {
    published_[zone.to_text()].push_back({version.serial(), {version}});
}

void Checkers::handle_twin(const dns::Name& zone, const zone::Version& version) {
    std::vector<Published>& all = published_[zone.to_text()];
    const auto first = std::find_if(all.rbegin(), all.rend(), [&version](const Published& one) {
        return one.serial == version.serial();
    });
    first->contents.push_back(version);
}

void Checkers::handle_lost(const dns::Name& zone, const zone::Version& version) {
    std::vector<Published>& all = published_[zone.to_text()];
    for (Published& one : all) {
        std::erase_if(one.contents,
                      [&version](const zone::Version& known) { return same(known, version); });
    }
    std::erase_if(all, [](const Published& one) { return one.contents.empty(); });
}

std::optional<std::size_t> Checkers::place(const std::string& zone,
                                           const zone::Version& version) const {
    const auto at = published_.find(zone);
    if (at == published_.end()) {
        return std::nullopt;
    }
    for (std::size_t i = at->second.size(); i > 0; --i) {
        const std::vector<zone::Version>& contents = at->second[i - 1].contents;
        if (std::any_of(contents.begin(), contents.end(),
                        [&version](const zone::Version& known) { return same(known, version); })) {
            return i - 1;
        }
    }
    return std::nullopt;
}

void Checkers::handle_told(const Node& node, const dns::Name& zone, const std::string& remote,
                           dns::Serial serial) {
    told_.insert_or_assign({{node.settings().host, zone.to_text()}, remote}, serial);
}

// What a node came to serve in the end has been told to all who are to know.
void Checkers::check_told(const Node& node, const config::Zone& zone) {
    const std::shared_ptr<const StoredVersion> served = node.served(zone.name);
    for (const config::RemotePtr& remote : zone->notify) {
        const auto told = told_.find({{node.settings().host, zone.name.to_text()}, remote->name});
        if (served && (told == told_.end() || told->second != served->version.serial())) {
            violate("untold", fmt::format("{} was never told by {} of {} serial {}", remote->name,
                                          node.settings().name, zone.name.to_text(),
                                          served->version.serial().value()));
        }
    }
}

void Checkers::handle_served(const Node& node, const dns::Name& zone) {
    const std::optional<seconds> left = node.expires_in(zone);
    if (left && *left < seconds{0}) {
        violate("expired_served",
                fmt::format("{} sends {}, which expired {} s ago", node.settings().name,
                            zone.to_text(), -left->count()));
    }
}

void Checkers::handle_announced(const Node& node, const dns::Name& zone, dns::Serial serial) {
    const auto disk = node.disk().zones.find(zone.to_text());
    const bool synced = disk != node.disk().zones.end() && disk->second.content &&
                        !dns::is_newer(serial, disk->second.content->version.serial());
    if (!synced) {
        violate("announced_before_sync",
                fmt::format("{} tells of {} serial {}, which is not on its disk",
                            node.settings().name, zone.to_text(), serial.value()));
    }
}

void Checkers::handle_approved(const Node& node, const dns::Name& zone,
                               const zone::Version& version) {
    approved_[{node.settings().host, zone.to_text()}].push_back(version);
}

void Checkers::handle_frozen(const Node& node, const dns::Name& zone) {
    frozen_.insert({node.settings().host, zone.to_text()});
}

void Checkers::handle_thawed(const Node& node, const dns::Name& zone) {
    frozen_.erase({node.settings().host, zone.to_text()});
}

// A node with a guard goes from one version to the next.
void Checkers::check_step(const Node& node, const config::Zone& zone, const StoredVersion& from,
                          const StoredVersion& to) {
    const Place place{node.settings().host, zone.name.to_text()};
    const std::string step = fmt::format(
        "{} went with {} from serial {} to {}", node.settings().name, zone.name.to_text(),
        from.version.serial().value(), to.version.serial().value());
    if (frozen_.contains(place)) {
        violate("frozen_moved", step);
    }
    const std::optional<zone::GuardLimits> guard = service::guard_of(*zone.settings());
    const std::vector<zone::Version>& approved = approved_[place];
    if (!guard || std::any_of(approved.begin(), approved.end(), [&to](const zone::Version& known) {
            return same(known, to.version);
        })) {
        return;
    }
    ListStream before{from.records};
    ListStream after{to.records};
    const Result<zone::Losses> losses = zone::count_losses(zone.name, before, after);
    if (zone::judge(*guard, from.version.records, *losses)) {
        violate("held_served", fmt::format("{} losing {} of {} records, which nobody approved",
                                           step, losses->records, from.version.records));
    }
}

bool Checkers::check() {
    for (const Node* node : nodes_) {
        if (!node->is_alive()) {
            continue;
        }
        for (const config::Zone& zone : node->settings().zones) {
            check_served(*node, zone);
            check_expiry(*node, zone);
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

void Checkers::check_served(const Node& node, const config::Zone& zone) {
    const std::string name = zone.name.to_text();
    const std::shared_ptr<const StoredVersion> served = node.served(zone.name);
    Seen& seen = seen_[{node.settings().host, name}];
    if (!served && seen.version) {
        violate("acknowledged_lost",
                fmt::format("{} had {} serial {} in service and has nothing now",
                            node.settings().name, name, seen.version->version.serial().value()));
    }
    if (!served || served == seen.version) {
        return;
    }
    const zone::Version& version = served->version;
    const std::string who =
        fmt::format("{} serves {} serial {}", node.settings().name, name, version.serial().value());
    if (digest_of(version.soa, served->records) != version.digest) {
        violate("whole_version", who + ": its digest is not that of its records");
        return;
    }
    const std::optional<std::size_t> at = place(name, version);
    if (!at) {
        violate("whole_version", who + ": no version that was published");
        return;
    }
    // Who has let a zone expire takes what there is.
    const std::optional<Duration>& expiry = expiries_[{node.settings().host, name}].at;
    const bool had_expired = expiry && *expiry <= world_.elapsed() + seconds{1};
    if (seen.version && *at < seen.place && !had_expired) {
        violate("serial_back",
                who + fmt::format(", after serial {}", seen.version->version.serial().value()));
    }
    if (seen.version) {
        check_step(node, zone, *seen.version, *served);
    }
    seen = {served, *at};
    check_digests(node, name, *served);
}

void Checkers::check_digests(const Node& node, const std::string& name,
                             const StoredVersion& served) {
    for (const Node* other : nodes_) {
        const auto seen = seen_.find({other->settings().host, name});
        if (own_contents_ || seen == seen_.end() || !seen->second.version) {
            continue;
        }
        const zone::Version& theirs = seen->second.version->version;
        if (theirs.serial() == served.version.serial() && theirs.digest != served.version.digest) {
            violate("same_digest", fmt::format("{} and {} have unlike content of {} serial {}",
                                               node.settings().name, other->settings().name, name,
                                               theirs.serial().value()));
        }
    }
}

// What puts expiry off is an answer of a primary: each time a new one. Timers that come from
// the disk may bring it nearer, and put it off no further than the clock was set back.
void Checkers::check_expiry(const Node& node, const config::Zone& zone) {
    const std::optional<seconds> left = node.expires_in(zone.name);
    if (!left) {
        return;
    }
    Expiry& known = expiries_[{node.settings().host, zone.name.to_text()}];
    const Duration at = world_.elapsed() + *left;
    const bool same_load = known.load == node.loads();
    const seconds slack = seconds{2} + (same_load ? seconds{0} : world_.set_back());
    if (same_load) {
        known.answers = node.answers();
    }
    const bool later = known.at && *left > seconds{0} && at > *known.at + slack;
    // With a guard, an operator's approval puts it off as well.
    if (later && !zone->guard && known.answers == known.believed) {
        violate("expire_stretched",
                fmt::format("{} lets {} expire {} s later, and no primary answered",
                            node.settings().name, zone.name.to_text(),
                            std::chrono::duration_cast<seconds>(at - *known.at).count()));
    }
    if (!same_load) {
        known = {.at = at, .load = node.loads(), .answers = node.answers(), .believed = 0};
    } else if (later || !known.at || at < *known.at || known.answers > known.believed) {
        // An answer that moves it by less than the slack may still be that of a transfer which
        // moves it once more, when it is committed.
        known.believed = later ? known.answers : known.believed;
        known.at = at;
    }
}

void Checkers::check_at_rest() {
    const Node& primary = *nodes_.front();
    for (const Node* node : nodes_) {
        for (const config::Zone& zone : node->settings().zones) {
            check_converged(*node, primary, zone);
            check_told(*node, zone);
        }
        if (!node->is_at_rest()) {
            violate("at_rest", node->settings().name + ": a NOTIFY is still owed");
        }
    }
}

void Checkers::check_converged(const Node& node, const Node& primary, const config::Zone& zone) {
    const std::shared_ptr<const StoredVersion> ours = node.served(zone.name);
    const std::shared_ptr<const StoredVersion> theirs = primary.served(zone.name);
    const bool both = ours && theirs;
    // Neither: no version was ever committed.
    const bool in_step = !both ? !ours && !theirs
                               : (own_contents_ ? ours->version.serial() == theirs->version.serial()
                                                : same(ours->version, theirs->version));
    if (!in_step) {
        const auto text = [](const std::shared_ptr<const StoredVersion>& stored) {
            return stored ? fmt::format("{}", stored->version.serial().value()) : "none";
        };
        violate("converged",
                fmt::format("{} has {} serial {}, the primary {}", node.settings().name,
                            zone.name.to_text(), text(ours), text(theirs)));
    }
}

void Checkers::violate(std::string checker, std::string detail) {
    if (!violation_) {
        violation_ = Violation{std::move(checker), std::move(detail)};
    }
}

}  // namespace twinzone::sim
