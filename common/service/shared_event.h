// What a primary's part in a shared history asks of its shell (actions) and what became of it
// (events, for log and status). Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "common/dns/name.h"
#include "common/observe/event_text.h"
#include "common/service/reason.h"
#include "common/shared/statement.h"
#include "common/zone/version_store.h"

namespace twinzone::service {

// Names one action and its answer; never used again.
enum class SharedAskId : std::uint64_t {};

// One statement for PostgreSQL. Each is to be answered once, also where PostgreSQL is not reached;
// those of one connection go in order.
struct AskHistory {
    SharedAskId id{};
    bool bulk = false;  // over the connection for pages
    shared::Statement statement;
};

// For the store itself: it is part of the history already.
struct CommitAgreed {
    SharedAskId id{};
    zone::Commit commit;
};

using SharedAction = std::variant<AskHistory, CommitAgreed>;

enum class SharedRole : std::uint8_t { following, catching_up, leading };

struct RoleTaken {
    SharedRole role{};
};

// A zone came further, or could not.
struct ZoneShared {
    dns::Name zone;
    Reason reason{};
    observe::EventFacts facts;
};

// What concerns no zone, or no version of one.
struct SharedNote {
    enum class What : std::uint8_t {
        reached,        // PostgreSQL, at first
        reached_again,  // after it was not
        lost,           // detail: why
        leader,         // detail: who has the lease by now
        refused,        // a statement for its token; detail: PostgreSQL's words
        not_begun,      // detail: the zone, and why
        not_pruned      // detail: why
    };
    What what{};
    std::string detail;
};

using SharedEvent = std::variant<RoleTaken, ZoneShared, SharedNote>;

}  // namespace twinzone::service
