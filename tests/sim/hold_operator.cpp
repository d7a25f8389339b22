#include "tests/sim/hold_operator.h"

#include <fmt/format.h>

namespace twinzone::sim {

void HoldOperator::begin() {
    schedule();
}

void HoldOperator::schedule() {
    const Duration pause =
        lets_go_ ? Duration{seconds{30}} : world_.between(milliseconds{100}, seconds{10});
    world_.after(pause, [this] {
        for (Node* node : secondaries_) {
            for (const dns::Name& zone : zones_) {
                if (node->is_alive() && (lets_go_ || world_.chance(30))) {
                    act(*node, zone);
                }
            }
        }
        schedule();
    });
}

void HoldOperator::act(Node& node, const dns::Name& zone) {
    const zone::ZoneHold* hold = node.hold(zone);
    if (hold != nullptr && hold->frozen_since) {
        thaw(node, zone);
    } else if (hold != nullptr && hold->held) {
        decide_held(node, zone, *hold->held);
    } else if (!lets_go_ && world_.chance(20)) {
        freeze(node, zone);
    }
}

void HoldOperator::decide_held(Node& node, const dns::Name& zone, const zone::HeldVersion& held) {
    const dns::Serial serial = held.version.serial();
    const bool reject = !lets_go_ && world_.chance(30);
    world_.note(fmt::format("{} {} {} {}", node.settings().name, reject ? "rejects" : "approves",
                            zone.to_text(), serial.value()));
    if (reject) {
        node.decide(zone, zone::DropHeld{.serial = serial, .reject = true}, [](bool) {});
        return;
    }
    checkers_.handle_approved(node, zone, held.version);
    node.decide(zone, zone::PublishHeld{.serial = serial}, [](bool) {});
}

void HoldOperator::freeze(Node& node, const dns::Name& zone) {
    world_.note(fmt::format("{} freezes {}", node.settings().name, zone.to_text()));
    node.decide(zone, zone::SetFrozen{.frozen = true}, [this, &node, zone](bool done) {
        if (done) {
            checkers_.handle_frozen(node, zone);
        }
    });
}

void HoldOperator::thaw(Node& node, const dns::Name& zone) {
    world_.note(fmt::format("{} thaws {}", node.settings().name, zone.to_text()));
    checkers_.handle_thawed(node, zone);
    node.decide(zone, zone::SetFrozen{.frozen = false}, [](bool) {});
}

}  // namespace twinzone::sim
