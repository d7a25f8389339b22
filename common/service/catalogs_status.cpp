// What catalogs are to the operator: status, approve and reject.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/control/calendar.h"
#include "common/service/catalog_text.h"
#include "common/service/catalogs.h"
#include "common/service/daemon.h"

namespace twinzone::service {

namespace {

using control::ZoneState;

}  // namespace

std::string clash_text(const zone::MembershipBook::View& view) {
    std::vector<std::string> names;
    for (const dns::Name& zone : view.clashes) {
        names.push_back(zone.to_text());
    }
    return fmt::format(
        "{} listed zones are ours already, by configuration or another catalog: {}{}",
        view.clash_count, fmt::join(names, ", "), view.clash_count > names.size() ? ", …" : "");
}

std::string held_text(const zone::MembershipBook::View& view) {
    return fmt::format("it takes away {} of {} members", view.removals,
                       view.members - view.leaving);
}

void Catalogs::describe(control::ZoneStatus& status, const dns::Name& zone) const {
    if (const zone::Membership* membership = book_.find(zone)) {
        describe_member(status, *membership);
    } else if (const std::optional<std::size_t> catalog = book_.place_of(zone)) {
        describe_catalog(status, *catalog);
    }
}

void Catalogs::describe_member(control::ZoneStatus& status,
                               const zone::Membership& membership) const {
    const std::string catalog = consumed_[membership.catalog].zone.to_text();
    status.catalog = catalog;
    if (membership.leaves == UnixTime{}) {
        return;
    }
    const seconds left = std::max(seconds{0}, membership.leaves - daemon_.loop().now().unix);
    status.leaves_in = left;
    const std::string why = fmt::format("catalog {} lists it no more; served for another {}",
                                        catalog, control::span_in_words(left));
    // Its primary has no duty to it any more.
    if (status.state == ZoneState::stale) {
        status.state = ZoneState::current;
    }
    status.reason = status.reason.empty() ? why : fmt::format("{}; {}", why, status.reason);
}

void Catalogs::describe_catalog(control::ZoneStatus& status, std::size_t catalog) const {
    const zone::MembershipBook::View view = book_.view(catalog);
    status.members = view.members;
    if (!view.broken.empty()) {
        status.state = ZoneState::failed;
        status.reason = fmt::format("the catalog is broken: {}; its {} members stay as they were",
                                    view.broken, view.members);
    } else if (view.removals > 0) {
        status.state = ZoneState::held;
        status.reason = fmt::format("the members of serial {} are held: {}",
                                    status.serial ? status.serial->value() : 0, held_text(view));
    } else if (view.is_rejected) {
        status.state = ZoneState::stale;
        status.reason = fmt::format(
            "the members of serial {} were rejected; a newer one is waited "
            "for",
            status.serial ? status.serial->value() : 0);
    } else if (view.clash_count > 0 && status.reason.empty()) {
        status.reason = clash_text(view);
    }
}

std::optional<std::string> Catalogs::approve(const dns::Name& zone) {
    const std::optional<std::size_t> catalog = book_.place_of(zone);
    if (!catalog) {
        return std::nullopt;
    }
    const std::optional<std::vector<zone::MemberEvent>> events =
        book_.approve(*catalog, *this, daemon_.loop().now().unix);
    if (!events) {
        return std::nullopt;
    }
    const std::string what = fmt::format("members taken, {} changed", events->size());
    daemon_.events().record(daemon_.loop().now(), zone, Reason::approved, {.detail = what});
    is_dirty_ = true;
    enqueue(*events);
    arm_grace();
    return what;
}

std::optional<std::string> Catalogs::reject(const dns::Name& zone) {
    const std::optional<std::size_t> catalog = book_.place_of(zone);
    if (!catalog || !book_.reject(*catalog)) {
        return std::nullopt;
    }
    const std::string what = "members dropped";
    daemon_.events().record(daemon_.loop().now(), zone, Reason::dropped, {.detail = what});
    is_dirty_ = true;
    save();
    return what;
}

}  // namespace twinzone::service
