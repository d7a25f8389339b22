#include "common/zone/membership.h"

#include <algorithm>

#include "common/base/assert.h"

namespace twinzone::zone {

namespace {

constexpr std::size_t kShownClashes = 3;

bool exceeds(const std::optional<RemovalLimit>& limit, std::size_t removals, std::size_t before) {
    if (!limit) {
        return false;
    }
    return limit->is_percent ? removals * 100 > limit->count * before : removals > limit->count;
}

}  // namespace

std::optional<std::size_t> MembershipBook::place_of(const dns::Name& catalog) const {
    const auto at = places_.find(catalog);
    return at == places_.end() ? std::nullopt : std::optional{at->second};
}

const Membership* MembershipBook::find(const dns::Name& zone) const {
    const auto at = members_.find(zone);
    return at == members_.end() ? nullptr : &at->second;
}

std::vector<MemberEvent> MembershipBook::configure(std::vector<CatalogRules> rules,
                                                   const ConfiguredZones& configured,
                                                   UnixTime now) {
    std::vector<Catalog> before = std::exchange(catalogs_, {});
    const auto places = std::exchange(places_, {});
    for (CatalogRules& each : rules) {
        places_.emplace(each.catalog, catalogs_.size());
        const auto known = places.find(each.catalog);
        Catalog& catalog = catalogs_.emplace_back(
            known == places.end() ? Catalog{} : std::move(before[known->second]));
        catalog.rules = std::move(each);
        catalog.members = 0;
        catalog.leaving = 0;
        catalog.clashes.clear();
    }
    std::vector<std::optional<std::size_t>> moved(before.size());
    for (const auto& [name, place] : places) {
        moved[place] = place_of(name);
    }
    for (auto at = members_.begin(); at != members_.end();) {
        auto& [zone, membership] = *at;
        const std::optional<std::size_t> place = moved[membership.catalog];
        if (!place || configured.is_configured(zone)) {
            at = members_.erase(at);
            continue;
        }
        membership.catalog = *place;
        ++catalogs_[*place].members;
        catalogs_[*place].leaving += membership.leaves == UnixTime{} ? 0 : 1;
        ++at;
    }
    Change change{.configured = configured, .now = now};
    for (std::size_t i = 0; i < catalogs_.size(); ++i) {
        for (const auto& [zone, listed] : catalogs_[i].listed) {
            settle(i, listed, change);
        }
    }
    return std::move(change.events);
}

MembershipBook::Outcome MembershipBook::take(std::size_t catalog, CatalogContent content,
                                             std::string_view version,
                                             const ConfiguredZones& configured, UnixTime now) {
    Catalog& taken = catalogs_.at(catalog);
    taken.held.reset();
    taken.removals = 0;
    taken.broken = content.broken;
    taken.version = version;
    if (!taken.broken.empty()) {
        return {.verdict = CatalogVerdict::broken, .events = {}};
    }
    if (taken.rejected == version) {
        return {.verdict = CatalogVerdict::rejected, .events = {}};
    }
    taken.rejected.clear();
    Listing next;
    next.reserve(content.members.size());
    for (const CatalogMember& member : content.members) {
        next.emplace(member.zone, CatalogMember{});  // names alone are counted
    }
    const std::size_t removals = count_removals(catalog, next);
    if (exceeds(taken.rules.limit, removals, taken.members - taken.leaving)) {
        taken.removals = removals;
        taken.held = std::move(content);
        return {.verdict = CatalogVerdict::held, .events = {}};
    }
    Change change{.configured = configured, .now = now};
    apply(catalog, std::move(content), change);
    return {.verdict = CatalogVerdict::applied, .events = std::move(change.events)};
}

std::optional<std::vector<MemberEvent>> MembershipBook::approve(std::size_t catalog,
                                                                const ConfiguredZones& configured,
                                                                UnixTime now) {
    Catalog& approved = catalogs_.at(catalog);
    if (!approved.held) {
        return std::nullopt;
    }
    CatalogContent content = std::move(*approved.held);
    approved.held.reset();
    approved.removals = 0;
    Change change{.configured = configured, .now = now};
    apply(catalog, std::move(content), change);
    return std::move(change.events);
}

bool MembershipBook::reject(std::size_t catalog) {
    Catalog& rejected = catalogs_.at(catalog);
    if (!rejected.held) {
        return false;
    }
    rejected.held.reset();
    rejected.removals = 0;
    rejected.rejected = rejected.version;
    return true;
}

// Those that another catalog takes over are not lost.
std::size_t MembershipBook::count_removals(std::size_t catalog, const Listing& next) const {
    std::size_t removals = 0;
    for (const auto& [zone, listed] : catalogs_[catalog].listed) {
        const Membership* membership = find(zone);
        const bool is_ours = membership != nullptr && membership->catalog == catalog;
        if (is_ours && !next.contains(zone) && !taker_of(zone, catalog, nullptr)) {
            ++removals;
        }
    }
    return removals;
}

void MembershipBook::apply(std::size_t catalog, CatalogContent content, Change& change) {
    Catalog& changed = catalogs_[catalog];
    Listing next;
    next.reserve(content.members.size());
    std::vector<dns::Name> order;
    order.reserve(content.members.size());
    for (CatalogMember& member : content.members) {
        if (member.primaries.empty()) {
            member.primaries = content.primaries;
        }
        const dns::Name& zone = order.emplace_back(member.zone);
        next.emplace(zone, std::move(member));
    }
    const Listing before = std::exchange(changed.listed, std::move(next));
    changed.clashes.clear();
    for (const auto& [zone, listed] : before) {
        const Membership* membership = find(zone);
        if (membership != nullptr && membership->catalog == catalog &&
            membership->leaves == UnixTime{} && !changed.listed.contains(zone)) {
            depart(zone, change);
        }
    }
    for (const dns::Name& zone : order) {
        settle(catalog, changed.listed.at(zone), change);
    }
}

// What a catalog lists of one zone meets what is known of it.
void MembershipBook::settle(std::size_t catalog, const CatalogMember& listed, Change& change) {
    const auto known = members_.find(listed.zone);
    if (known == members_.end()) {
        if (change.configured.is_configured(listed.zone) || places_.contains(listed.zone)) {
            catalogs_[catalog].clashes.insert(listed.zone);
        } else {
            add(catalog, listed, change);
        }
        return;
    }
    if (known->second.catalog == catalog) {
        settle_ours(known->second, listed, change);
    } else {
        settle_others(catalog, known->second, listed, change);
    }
}

void MembershipBook::add(std::size_t catalog, const CatalogMember& listed, Change& change) {
    const auto [at, is_new] =
        members_.emplace(listed.zone, Membership{.catalog = catalog, .member = listed});
    TWINZONE_ASSERT(is_new);
    ++catalogs_[catalog].members;
    emit(at->second, MemberChange::added, change);
}

void MembershipBook::settle_ours(Membership& ours, const CatalogMember& listed, Change& change) {
    // §4.3.1: the catalog it is to go to may have had it first.
    if (listed.coo != nullptr) {
        const std::optional<std::size_t> to = place_of(*listed.coo);
        if (to && *to != ours.catalog && catalogs_[*to].listed.contains(listed.zone)) {
            move(ours, *to, false, change);
            return;
        }
    }
    const bool was_leaving = ours.leaves != UnixTime{};
    const bool is_reset = ours.member.id != listed.id;
    const bool is_changed = !same_properties(ours.member, listed);
    ours.member = listed;
    stay(ours);
    if (is_reset) {
        emit(ours, MemberChange::reset, change);
    } else if (was_leaving) {
        emit(ours, MemberChange::back, change);
    } else if (is_changed) {
        emit(ours, MemberChange::changed, change);
    }
}

// §5.2: it stays with the catalog that has it, unless that lets it go.
void MembershipBook::settle_others(std::size_t catalog, Membership& theirs,
                                   const CatalogMember& listed, Change& change) {
    const Catalog& owner = catalogs_[theirs.catalog];
    const auto at = owner.listed.find(listed.zone);
    const bool is_handed_over = at != owner.listed.end() && at->second.coo != nullptr &&
                                *at->second.coo == catalogs_[catalog].rules.catalog;
    if (is_handed_over) {
        move(theirs, catalog, false, change);
    } else if (theirs.leaves != UnixTime{}) {
        move(theirs, catalog, true, change);
    } else if (listed.coo == nullptr || !(*listed.coo == owner.rules.catalog)) {
        catalogs_[catalog].clashes.insert(listed.zone);
    }
}

// `whole`: with nothing kept, whatever its ID.
void MembershipBook::move(Membership& membership, std::size_t to, bool whole, Change& change) {
    stay(membership);
    --catalogs_[membership.catalog].members;
    ++catalogs_[to].members;
    membership.catalog = to;
    const CatalogMember& listed = catalogs_[to].listed.at(membership.member.zone);
    const bool is_reset = whole || membership.member.id != listed.id;
    membership.member = listed;
    catalogs_[to].clashes.erase(listed.zone);
    emit(membership, is_reset ? MemberChange::reset : MemberChange::moved, change);
}

void MembershipBook::stay(Membership& membership) {
    if (membership.leaves == UnixTime{}) {
        return;
    }
    membership.leaves = UnixTime{};
    --catalogs_[membership.catalog].leaving;
}

// Another catalog that lists it; `preferred` where that is one.
std::optional<std::size_t> MembershipBook::taker_of(const dns::Name& zone, std::size_t not_by,
                                                    const dns::Name* preferred) const {
    std::optional<std::size_t> taker;
    for (std::size_t i = 0; i < catalogs_.size(); ++i) {
        if (i != not_by && catalogs_[i].listed.contains(zone)) {
            const bool is_preferred =
                preferred != nullptr && catalogs_[i].rules.catalog == *preferred;
            taker = is_preferred || !taker ? i : *taker;
            if (is_preferred) {
                break;
            }
        }
    }
    return taker;
}

// Its catalog lists it no more.
void MembershipBook::depart(const dns::Name& zone, Change& change) {
    Membership& membership = members_.at(zone);
    const auto coo = membership.member.coo;
    const std::optional<std::size_t> taker = taker_of(zone, membership.catalog, coo.get());
    if (taker) {
        const bool is_handed_over = coo != nullptr && catalogs_[*taker].rules.catalog == *coo;
        move(membership, *taker, !is_handed_over, change);
        return;
    }
    Catalog& catalog = catalogs_[membership.catalog];
    if (catalog.rules.grace == seconds{0}) {
        remove(zone, change);
        return;
    }
    membership.leaves = change.now + catalog.rules.grace;
    leaving_.emplace(membership.leaves, zone);
    ++catalog.leaving;
    emit(membership, MemberChange::leaving, change);
}

void MembershipBook::remove(const dns::Name& zone, Change& change) {
    Membership& membership = members_.at(zone);
    emit(membership, MemberChange::removed, change);
    stay(membership);
    --catalogs_[membership.catalog].members;
    members_.erase(dns::Name{zone});
}

std::vector<MemberEvent> MembershipBook::handle_time(const ConfiguredZones& configured,
                                                     UnixTime now) {
    Change change{.configured = configured, .now = now};
    while (!leaving_.empty() && leaving_.begin()->first <= now) {
        const auto first = leaving_.extract(leaving_.begin());
        const UnixTime when = first.key();
        const dns::Name& zone = first.mapped();
        const Membership* membership = find(zone);
        if (membership != nullptr && membership->leaves == when) {
            remove(zone, change);
        }
    }
    return std::move(change.events);
}

std::optional<UnixTime> MembershipBook::next_time() const {
    return leaving_.empty() ? std::nullopt : std::optional{leaving_.begin()->first};
}

void MembershipBook::emit(const Membership& membership, MemberChange what, Change& change) const {
    change.events.push_back({.zone = membership.member.zone,
                             .change = what,
                             .catalog = catalogs_[membership.catalog].rules.catalog});
}

MembershipBook::View MembershipBook::view(std::size_t catalog) const {
    const Catalog& shown = catalogs_.at(catalog);
    View view{.broken = shown.broken,
              .removals = shown.removals,
              .is_rejected = !shown.rejected.empty() && shown.rejected == shown.version,
              .members = shown.members,
              .leaving = shown.leaving,
              .clashes = {},
              .clash_count = shown.clashes.size()};
    for (const dns::Name& zone : shown.clashes) {
        if (view.clashes.size() == kShownClashes) {
            break;
        }
        view.clashes.push_back(zone);
    }
    return view;
}

}  // namespace twinzone::zone
