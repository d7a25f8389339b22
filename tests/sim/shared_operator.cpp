#include "tests/sim/shared_operator.h"

#include <algorithm>

#include <fmt/format.h>

#include "tests/sim/drawn_records.h"

namespace twinzone::sim {

void SharedOperator::fill(ModelDisk& disk, dns::Serial serial) {
    for (const dns::Name& zone : zones_) {
        const std::shared_ptr<StoredVersion> drawn = next_version(zone, nullptr);
        dns::SoaRecord soa = drawn->version.soa;
        soa.serial = serial;
        disk.zones[zone.to_text()].content = make_version(soa, drawn->records);
        checkers_.handle_before(zone, disk.zones[zone.to_text()].content->version);
    }
}

void SharedOperator::begin() {
    schedule();
}

void SharedOperator::schedule() {
    world_.after(world_.between(milliseconds{1}, habits_.pause), [this] {
        if (ended_) {
            return;
        }
        const dns::Name zone = zones_[world_.random().below(zones_.size())];
        const bool any = world_.chance(20);
        for (Node* node : primaries_) {
            if (any ? world_.chance(50) : node->leads()) {
                // Where its process is stopped, it finds the new version when it goes on.
                world_.after_at(node->settings().host, Duration{0},
                                [this, node, zone] { publish_on(*node, zone); });
            }
        }
        schedule();
    });
}

// By whom it is asked, the primary decides for itself whether it may.
void SharedOperator::publish_on(Node& node, const dns::Name& zone) {
    if (!node.is_alive() || waiting_[&node] == node.loads()) {
        return;
    }
    waiting_[&node] = node.loads();
    const std::shared_ptr<const StoredVersion> current = node.served(zone);
    const std::shared_ptr<StoredVersion> next = next_version(zone, current.get());
    world_.note(fmt::format("operator publishes {} {} on {}", zone.to_text(),
                            next->version.serial().value(), node.settings().name));
    node.publish(zone, *next, [this, &node, zone, version = next->version](bool synced) {
        waiting_.erase(&node);
        if (synced) {
            ++acknowledged_;
            checkers_.handle_acknowledged(node, zone, version);
        } else {
            world_.count("version refused");
        }
    });
}

std::shared_ptr<StoredVersion> SharedOperator::next_version(const dns::Name& zone,
                                                            const StoredVersion* current) {
    dns::SoaRecord soa;
    soa.owner = zone;
    soa.ttl = dns::Ttl{3600};
    soa.serial = dns::Serial{1000};
    soa.refresh = seconds{20};
    soa.retry = seconds{5};
    soa.expire = hours{24 * 7};
    zone::RecordList records;
    std::size_t more = 200 + world_.random().below(200);
    if (current != nullptr) {
        soa = current->version.soa;
        soa.serial = dns::Serial{soa.serial.value() + (world_.chance(80) ? 1U : 7U)};
        std::size_t fewer = world_.random().below(habits_.edits + 1);
        for (std::size_t i = 0; i < current->records.size(); ++i) {
            if (fewer > 0 && world_.chance(5)) {
                --fewer;
            } else {
                records.append(current->records[i]);
            }
        }
        more = world_.random().below(habits_.edits + 1);
    }
    records.append(record(zone, dns::RrType::ns, 300, Bytes(1)).view());  // the root
    for (std::size_t i = 0; i < more; ++i) {
        records.append(random_record(world_, zone).view());
    }
    return make_version(soa, std::move(records));
}

}  // namespace twinzone::sim
