#include "common/service/hold_control.h"

#include <fmt/format.h>

#include "common/control/calendar.h"
#include "common/service/catalogs.h"
#include "common/service/daemon.h"
#include "common/service/hold_text.h"

namespace twinzone::service {

namespace {

void refuse(const control::Reply& reply, std::string why) {
    reply({.exit = 1, .output = {}, .error = std::move(why)});
}

}  // namespace

// A verb for one zone that is served here.
struct HoldControl::Order {
    dns::Name zone;
    std::string name;     // of the zone, in text
    zone::ZoneHold hold;  // as it is now
    control::Reply reply;

    void done(std::string_view what) const {
        reply({.exit = 0, .output = fmt::format("{} {}\n", name, what), .error = {}});
    }
};

HoldControl::HoldControl(Daemon& daemon) : daemon_(daemon) {
    on("approve", &HoldControl::approve);
    on("reject", &HoldControl::reject);
    on("freeze", &HoldControl::freeze);
    on("thaw", &HoldControl::thaw);
}

void HoldControl::on(std::string_view verb, void (HoldControl::*handler)(const Order&)) {
    daemon_.control().on(
        std::string{verb}, [this, handler](const control::Request& request, control::Reply reply) {
            const Result<dns::Name> zone = dns::Name::from_text(
                request.operands.empty() ? std::string_view{} : request.operands.front());
            if (!zone || request.operands.empty()) {
                reply({.exit = 2, .output = {}, .error = "the name of a zone is needed"});
                return;
            }
            if (!daemon_.serves(*zone)) {
                refuse(reply, fmt::format("no zone {} here", zone->to_text()));
                return;
            }
            const zone::ZoneHold* hold = daemon_.store().hold(*zone);
            (this->*handler)({.zone = *zone,
                              .name = zone->to_text(),
                              .hold = hold == nullptr ? zone::ZoneHold{} : *hold,
                              .reply = std::move(reply)});
        });
}

// The members of a catalog's version wait apart from the version itself.
bool HoldControl::decide_members(const Order& order, bool approve) {
    if (daemon_.catalogs() == nullptr) {
        return false;
    }
    const std::optional<std::string> done =
        approve ? daemon_.catalogs()->approve(order.zone) : daemon_.catalogs()->reject(order.zone);
    if (done) {
        order.done(*done);
    }
    return done.has_value();
}

void HoldControl::approve(const Order& order) {
    if (!order.hold.held && decide_members(order, true)) {
        return;
    }
    if (!order.hold.held) {
        refuse(order.reply, fmt::format("no version of {} is held", order.name));
        return;
    }
    if (order.hold.frozen_since) {
        refuse(order.reply, fmt::format("{} is frozen; 'thaw' it first", order.name));
        return;
    }
    const zone::HeldVersion& held = *order.hold.held;
    zone::Commit commit;
    commit.zone = order.zone;
    commit.base = held.base;
    commit.change = zone::PublishHeld{.serial = held.version.serial()};
    commit.source = held.source;
    commit.now = daemon_.loop().now().unix;
    daemon_.submit(std::move(commit), [this, order](const Result<zone::Committed>& result) {
        const zone::HeldVersion& approved = *order.hold.held;
        if (result) {
            const std::string what =
                fmt::format("serial {} -> {} published, +{} -{} records", approved.base.value(),
                            approved.version.serial().value(), result->added, result->removed);
            daemon_.events().record(daemon_.loop().now(), order.zone, Reason::approved,
                                    {.detail = what});
            order.done(what);
            return;
        }
        refuse(order.reply,
               fmt::format("{} not published: {}", order.name, result.error().detail()));
        if (result.error().code() == Errc::transfer_diverged) {  // it can be published no more
            drop(order, approved.version.serial(), false);
        }
    });
}

void HoldControl::reject(const Order& order) {
    if (!order.hold.held && decide_members(order, false)) {
        return;
    }
    if (!order.hold.held) {
        refuse(order.reply, fmt::format("no version of {} is held", order.name));
        return;
    }
    drop(order, order.hold.held->version.serial(), true);
}

void HoldControl::drop(const Order& order, dns::Serial serial, bool reject) {
    zone::Commit commit;
    commit.zone = order.zone;
    commit.change = zone::DropHeld{.serial = serial, .reject = reject};
    commit.now = daemon_.loop().now().unix;
    daemon_.store().submit(
        std::move(commit), [this, order, serial](const Result<zone::Committed>& result) {
            if (!result) {
                refuse(order.reply, fmt::format("{}: {}", order.name, result.error().detail()));
                return;
            }
            const std::string what = fmt::format("serial {} dropped", serial.value());
            daemon_.events().record(daemon_.loop().now(), order.zone, Reason::dropped,
                                    {.detail = what});
            daemon_.handle_released(order.zone);
            order.done(what);
        });
}

void HoldControl::freeze(const Order& order) {
    if (order.hold.frozen_since) {
        order.done(
            fmt::format("is frozen since {}", control::to_rfc3339(*order.hold.frozen_since)));
        return;
    }
    set_frozen(order, true);
}

void HoldControl::thaw(const Order& order) {
    if (!order.hold.frozen_since) {
        order.done("is not frozen");
        return;
    }
    set_frozen(order, false);
}

void HoldControl::set_frozen(const Order& order, bool frozen) {
    zone::Commit commit;
    commit.zone = order.zone;
    commit.change = zone::SetFrozen{.frozen = frozen};
    commit.now = daemon_.loop().now().unix;
    daemon_.store().submit(
        std::move(commit), [this, order, frozen](const Result<zone::Committed>& result) {
            if (!result) {
                refuse(order.reply, fmt::format("{}: {}", order.name, result.error().detail()));
                return;
            }
            const std::string_view what = frozen ? "frozen" : "thawed";
            daemon_.events().record(daemon_.loop().now(), order.zone,
                                    frozen ? Reason::frozen : Reason::thawed);
            if (!frozen) {
                daemon_.handle_released(order.zone);
            }
            order.done(what);
        });
}

}  // namespace twinzone::service
