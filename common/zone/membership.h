// Which zones are ours because catalogs list them, and what a new version of a catalog means for
// them (RFC 9432 §5). Sits between read_catalog() and whoever makes zones appear and go.
//
//   listed --> member --no longer listed--> leaving --grace is over--> gone
//                ^ '--another ID------> reset          '--listed again--> member
//                '--coo of the one catalog, listed in the other: moved
//
// A zone belongs to one catalog at a time; zones that were configured are never touched. A broken
// version, or one that takes more members away than it may, changes nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/base/time.h"
#include "common/zone/catalog.h"

namespace twinzone::zone {

// How many members one version may take away.
struct RemovalLimit {
    std::uint64_t count = 0;
    bool is_percent = false;  // of the members before
};

struct CatalogRules {
    dns::Name catalog;
    seconds grace{0};                     // how long a removed member is still served
    std::optional<RemovalLimit> limit{};  // nullopt: any number
};

// Zones that are ours by configuration.
class ConfiguredZones {
  public:
    virtual ~ConfiguredZones() = default;
    [[nodiscard]] virtual bool is_configured(const dns::Name& zone) const = 0;
};

enum class MemberChange : std::uint8_t {
    added,
    changed,  // its properties
    reset,    // what is kept of it is to be dropped and fetched anew (§5.6)
    moved,    // to another catalog (§4.3.1); what is kept stays
    leaving,  // served until its grace is over
    back,     // listed again within its grace
    removed,  // with all that is kept of it (§5.3)
};

struct MemberEvent {
    dns::Name zone;
    MemberChange change{};
    dns::Name catalog;
};

struct Membership {
    std::size_t catalog = 0;  // its place in what configure() was given
    CatalogMember member;     // primaries: those of the catalog where it has none of its own
    UnixTime leaves{};        // when it is removed; 0: it stays
};

enum class CatalogVerdict : std::uint8_t {
    applied,
    broken,
    held,      // it takes too many members away; waits for approve() or another version
    rejected,  // an operator refused this very version
};

// Not thread-safe. Work is proportional to the members of the catalogs concerned.
class MembershipBook {
  public:
    // Other catalogs and rules from now on; zones of catalogs that are no longer there, and those
    // that are configured now, are members no more, without an event. Events: what follows for the
    // others.
    std::vector<MemberEvent> configure(std::vector<CatalogRules> rules,
                                       const ConfiguredZones& configured, UnixTime now);

    // A version of a catalog is in service. `version` names its content. Requires: catalog <
    // catalogs().
    struct Outcome {
        CatalogVerdict verdict{};
        std::vector<MemberEvent> events;
    };
    Outcome take(std::size_t catalog, CatalogContent content, std::string_view version,
                 const ConfiguredZones& configured, UnixTime now);

    // An operator's word on the version that is held. nullopt, or false: none is.
    std::optional<std::vector<MemberEvent>> approve(std::size_t catalog,
                                                    const ConfiguredZones& configured,
                                                    UnixTime now);
    bool reject(std::size_t catalog);

    // Members whose grace is over.
    std::vector<MemberEvent> handle_time(const ConfiguredZones& configured, UnixTime now);
    [[nodiscard]] std::optional<UnixTime> next_time() const;

    // Null where the zone is no member.
    [[nodiscard]] const Membership* find(const dns::Name& zone) const;
    [[nodiscard]] const std::unordered_map<dns::Name, Membership, dns::NameHash>& members()
        const noexcept {
        return members_;
    }

    // For status.
    struct View {
        std::string broken;        // why the version in service is not used
        std::size_t removals = 0;  // of the version that is held; 0: none is
        bool is_rejected = false;  // the version in service was
        std::size_t members = 0;   // those that leave included
        std::size_t leaving = 0;
        std::vector<dns::Name> clashes;  // some of those that are listed but belong elsewhere
        std::size_t clash_count = 0;
    };
    [[nodiscard]] View view(std::size_t catalog) const;
    [[nodiscard]] std::size_t catalogs() const noexcept { return catalogs_.size(); }
    [[nodiscard]] std::optional<std::size_t> place_of(const dns::Name& catalog) const;

    // What outlives the process: members and refused versions; and back, once, after configure().
    // False where the text is none of ours; nothing has changed then.
    [[nodiscard]] std::string to_text() const;
    bool restore(std::string_view text, const ConfiguredZones& configured);

  private:
    using Listing = std::unordered_map<dns::Name, CatalogMember, dns::NameHash>;
    struct Catalog {
        CatalogRules rules;
        Listing listed;  // in the last good version; primaries as in Membership
        std::string broken;
        std::optional<CatalogContent> held;
        std::string version;  // that came last
        std::string rejected;
        std::size_t removals = 0;  // of `held`
        std::size_t members = 0;
        std::size_t leaving = 0;
        std::unordered_set<dns::Name, dns::NameHash> clashes;
    };
    struct Change {  // one under way
        const ConfiguredZones& configured;
        UnixTime now;
        std::vector<MemberEvent> events{};
    };

    void apply(std::size_t catalog, CatalogContent content, Change& change);
    [[nodiscard]] std::size_t count_removals(std::size_t catalog, const Listing& next) const;
    void settle(std::size_t catalog, const CatalogMember& listed, Change& change);
    void settle_ours(Membership& ours, const CatalogMember& listed, Change& change);
    void settle_others(std::size_t catalog, Membership& theirs, const CatalogMember& listed,
                       Change& change);
    void add(std::size_t catalog, const CatalogMember& listed, Change& change);
    void depart(const dns::Name& zone, Change& change);
    void remove(const dns::Name& zone, Change& change);
    void forget(const dns::Name& zone);
    void move(Membership& membership, std::size_t to, bool whole, Change& change);
    void stay(Membership& membership);
    [[nodiscard]] std::optional<std::size_t> taker_of(const dns::Name& zone, std::size_t not_by,
                                                      const dns::Name* preferred) const;
    void emit(const Membership& membership, MemberChange what, Change& change) const;
    bool restore_line(const std::vector<std::string>& words, const ConfiguredZones& configured);

    std::vector<Catalog> catalogs_;
    std::unordered_map<dns::Name, std::size_t, dns::NameHash> places_;
    std::unordered_map<dns::Name, Membership, dns::NameHash> members_;
    std::multimap<UnixTime, dns::Name> leaving_;  // some of those that came back included
};

}  // namespace twinzone::zone
