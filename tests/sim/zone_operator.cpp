#include "tests/sim/zone_operator.h"

#include <fmt/format.h>

#include "tests/sim/drawn_records.h"

namespace twinzone::sim {

namespace {

// The second primary's content under a version's serial: the same, and a record that says whose it
// is, as of a server that signs by itself.
std::shared_ptr<StoredVersion> signed_by_twin(const dns::Name& zone, const StoredVersion& version) {
    zone::RecordList records = version.records;
    Bytes rdata{4};
    ByteWriter{rdata}.u32(version.version.serial().value());
    records.append(record(zone, dns::RrType::txt, 300, std::move(rdata)).view());
    return make_version(version.version.soa, std::move(records));
}

}  // namespace

void ZoneOperator::begin() {
    schedule();
    if (twin_ != nullptr) {
        schedule_twin();
    }
}

void ZoneOperator::schedule() {
    world_.after(world_.between(milliseconds{1}, seconds{8}), [this] {
        if (!ended_) {
            publish_next(topology_.zones[world_.random().below(topology_.zones.size())]);
            schedule();
        }
    });
}

void ZoneOperator::schedule_twin() {
    const Duration pause =
        ended_ ? Duration{seconds{20}} : world_.between(milliseconds{10}, seconds{10});
    world_.after(pause, [this] {
        for (const dns::Name& zone : topology_.zones) {
            bring_twin_forward(zone);
        }
        schedule_twin();
    });
}

void ZoneOperator::bring_twin_forward(const dns::Name& zone) {
    Node& first = *nodes_[0];
    if (!first.is_alive() || !twin_->is_alive() || !first.served(zone)) {
        return;
    }
    const std::shared_ptr<const StoredVersion> theirs = twin_->served(zone);
    const std::shared_ptr<const StoredVersion> ours = first.served(zone);
    if (theirs && theirs->version.serial() == ours->version.serial()) {
        return;
    }
    const bool own = topology_.twin == Twin::own_content;
    const std::shared_ptr<const StoredVersion> next = own ? signed_by_twin(zone, *ours) : ours;
    if (own) {
        checkers_.handle_twin(zone, next->version);
    }
    twin_->publish(zone, *next, [](bool) {});
}

// A new version, made from the one that is served. One at a time, as an operator waits for the
// result.
void ZoneOperator::publish_next(const dns::Name& zone) {
    Node& primary = *nodes_[0];
    if (!primary.is_alive() || publishing_) {
        return;
    }
    const std::shared_ptr<const StoredVersion> current = primary.served(zone);
    const dns::Serial first{world_.chance(50) ? 0xfffffffeU
                                              : static_cast<std::uint32_t>(world_.random().next())};
    const std::optional<dns::Serial> serial =
        current ? next_serial(zone, current->version.serial()) : first;
    if (!serial) {
        return;
    }
    const std::shared_ptr<StoredVersion> next = next_version(zone, *serial, current);
    world_.note(
        fmt::format("operator publishes {} {}", zone.to_text(), next->version.serial().value()));
    checkers_.handle_published(zone, next->version);
    ++versions_;
    published_[zone.to_text()].push_back(next->version.serial());
    publishing_ = Publishing{zone, next->version};
    primary.publish(zone, *next, [this](bool synced) {
        if (!synced && publishing_) {
            handle_crash();
        }
        publishing_.reset();
    });
}

// What a secondary's operator rejected is never taken again: the zones end with a version that
// nobody has rejected.
void ZoneOperator::end() {
    ended_ = true;
    if (topology_.guarded) {
        for (const dns::Name& zone : topology_.zones) {
            publish_at_last(zone);
        }
    }
}

void ZoneOperator::publish_at_last(const dns::Name& zone) {
    world_.after(world_.between(seconds{60}, seconds{120}), [this, zone] {
        const std::size_t before = versions_;
        publish_next(zone);
        if (versions_ == before) {
            publish_at_last(zone);
        }
    });
}

std::shared_ptr<StoredVersion> ZoneOperator::next_version(
    const dns::Name& zone, dns::Serial serial,
    const std::shared_ptr<const StoredVersion>& current) {
    dns::SoaRecord soa;
    soa.owner = zone;
    soa.ttl = dns::Ttl{3600};
    soa.serial = serial;
    soa.refresh = seconds{20};
    soa.retry = seconds{5};
    soa.expire = topology_.short_expire ? seconds{60} : seconds{hours{24 * 7}};
    zone::RecordList records;
    if (current) {
        soa = current->version.soa;
        soa.serial = serial;  // and nothing else of it
        const unsigned lost_percent = topology_.guarded && world_.chance(30) ? 60 : 10;
        for (std::size_t i = 0; i < current->records.size(); ++i) {
            if (!world_.chance(lost_percent)) {
                records.append(current->records[i]);
            }
        }
    }
    records.append(record(zone, dns::RrType::ns, 300, Bytes(1)).view());  // the root
    const std::size_t more = current ? world_.random().below(12) : world_.random().below(400);
    for (std::size_t i = 0; i < more; ++i) {
        records.append(random_record(world_, zone).view());
    }
    return make_version(soa, std::move(records));
}

// Small steps and, as RFC 1982 allows, very large ones; nullopt where somebody is, or may come to
// be, so far behind that it would not see the step as forward: the operator waits.
std::optional<dns::Serial> ZoneOperator::next_serial(const dns::Name& zone, dns::Serial current) {
    const std::uint32_t steps[] = {1, 1, 1, 2, 100, 0x7fffffff};
    // Whoever rejected the largest step could never be brought forward again; an expired zone may
    // take a version back, and then from a third one.
    const bool most = !topology_.guarded && !topology_.short_expire;
    const std::size_t usable = std::size(steps) - (most ? 0 : 1);
    const dns::Serial next{current.value() + steps[world_.random().below(usable)]};
    for (const Node* node : nodes_) {
        const auto disk = node->disk().zones.find(zone.to_text());
        const StoredVersion* has =
            disk != node->disk().zones.end() ? disk->second.content.get() : nullptr;
        if (!newer_than_all_since(zone, has, next)) {
            return std::nullopt;
        }
    }
    return next;
}

void ZoneOperator::handle_lost(const Publishing& lost) {
    checkers_.handle_lost(lost.zone, lost.version);
    published_[lost.zone.to_text()].pop_back();
}

// Whether `next` is a step forward from what a node has and from all that was published since,
// which may be on its way there.
bool ZoneOperator::newer_than_all_since(const dns::Name& zone, const StoredVersion* has,
                                        dns::Serial next) const {
    const std::vector<dns::Serial>& serials = published_.at(zone.to_text());
    for (auto serial = serials.rbegin(); serial != serials.rend(); ++serial) {
        if (!dns::is_newer(next, *serial)) {
            return false;
        }
        if (has != nullptr && has->version.serial() == *serial) {
            break;
        }
    }
    return true;
}

// With a version on its way: it is on the disk, or it never was.
void ZoneOperator::handle_crash() {
    if (!publishing_) {
        return;
    }
    const auto disk = nodes_[0]->disk().zones.find(publishing_->zone.to_text());
    const bool synced = disk != nodes_[0]->disk().zones.end() && disk->second.content &&
                        disk->second.content->version.digest == publishing_->version.digest;
    if (!synced) {
        handle_lost(*publishing_);
    }
    publishing_.reset();
}

}  // namespace twinzone::sim
