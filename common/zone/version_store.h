// The seam between the cores and what keeps zones: the LMDB store in production (common/store), a
// model disk that forgets what was not synced in the simulator (tests/sim). Everything a core knows
// of storage is here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/dns/name.h"
#include "common/zone/diff.h"
#include "common/zone/guard.h"
#include "common/zone/record_stream.h"
#include "common/zone/version.h"
#include "common/zone/zone_hold.h"

namespace twinzone::zone {

// A run of ready DNS messages (page.h): header with ID 0, QR and AA set, ANCOUNT; no question.
// Pointers stand on offsets in the page itself. Cursors are read by one thread at a time.
class PageCursor {
  public:
    virtual ~PageCursor() = default;

    // The next page; valid as long as the Snapshot the cursor came from. nullopt after the last.
    // Errc::store_corrupt.
    [[nodiscard]] virtual Result<std::optional<ByteView>> next() = 0;
};

// One step of a zone's history, as the journal holds it.
struct HistoryStep {
    dns::SoaRecord from;
    dns::SoaRecord to;
    std::uint64_t removed = 0;  // records, SOAs not counted
    std::uint64_t added = 0;
    std::uint64_t wire_bytes = 0;  // octets of its pages
    UnixTime committed;
    std::string source;  // where it came from: a remote, a file
};

// One version, held still: pages and history stay as they are while newer versions are committed.
// Shared by transfers that start on the same version.
class Snapshot {
  public:
    virtual ~Snapshot() = default;

    [[nodiscard]] virtual const Version& version() const noexcept = 0;

    // Where the version came from (Commit::source). Empty: not known.
    [[nodiscard]] virtual std::string source() const { return {}; }

    // All records but the apex SOA, canonical order. The cursor must not outlive the snapshot.
    [[nodiscard]] virtual std::unique_ptr<PageCursor> pages() const = 0;

    // The steps that lead from `serial` to this version, oldest first; nullopt where the journal
    // has no unbroken way (RFC 1995 §5). Empty where serial is this version's.
    [[nodiscard]] virtual Result<std::optional<std::vector<HistoryStep>>> history(
        dns::Serial serial) const = 0;

    // Pages of the steps from `serial` on, in order: for each step old SOA, removed, new SOA, added
    // (RFC 1995 §4). nullptr where history() gives none.
    [[nodiscard]] virtual Result<std::unique_ptr<PageCursor>> history_pages(
        dns::Serial serial) const = 0;

    // Every step that leads, unbroken, to this version: oldest first.
    [[nodiscard]] virtual Result<std::vector<HistoryStep>> all_history() const = 0;

    // Pages of one of them, counted back from this version: 0 is the step that made it. Requires:
    // there are that many.
    [[nodiscard]] virtual Result<std::unique_ptr<PageCursor>> step_pages(
        std::size_t back) const = 0;
};

// What of a zone outlives the process beside its content. Plain value. A zone that was never filled
// has no version.
struct ZoneTimers {
    UnixTime last_success;  // last time a primary confirmed our version, or the file was read
    UnixTime expires;       // 0: never (a primary's own zone)
    UnixTime promoted{};  // since when our copy is the zone's origin, by an operator's word; 0: it
                          // is not
};

struct ZoneState {
    dns::Name zone;
    std::optional<Version> version;
    ZoneTimers timers;
};

// New content for a zone. Exactly one of:
struct ReplaceWith {     // all content: an AXFR, a zone file. The store journals the difference to
                         // what was there, unless the zone is new
    dns::SoaRecord soa;  // or the difference is larger than the zone.
    std::unique_ptr<RecordStream> records;  // canonical order, duplicates gone, no SOA
};
struct ApplyDiffs {  // an IXFR: applied in order, all or nothing. Each is journaled as a step of
                     // its own.
    std::vector<Diff> diffs;
};
struct TouchTimers {};      // no new content: only timers (a SOA check that found us current)
struct PublishHeld {        // an operator approved the held version: it goes into service
    dns::Serial serial{0};  // its serial; Errc::not_found where another or none is held by now
};
struct DropHeld {  // the held version (or the memory of a rejected one) is forgotten
    dns::Serial serial{0};
    bool reject = false;  // an operator refused it: it is remembered as ZoneHold::rejected
};
struct SetFrozen {  // while frozen, a commit of new content fails with Errc::zone_frozen
    bool frozen = false;
};

struct Commit {
    dns::Name zone;
    std::optional<dns::Serial> base;  // the serial this work was prepared against; nullopt: there
                                      // was none. Checked inside the transaction, but for DropHeld
                                      // and SetFrozen.
    std::variant<ReplaceWith, ApplyDiffs, TouchTimers, PublishHeld, DropHeld, SetFrozen> change;
    std::optional<ZoneTimers> timers;  // stored with it, when given
    std::string source;                // for history
    UnixTime now;
    std::vector<std::string> owe_notify;  // remotes that now owe an answer to a NOTIFY of the new
                                          // version; survives a restart
    std::optional<Digest> expected;       // of the new version, where it was judged before: another
                                          // is Errc::transfer_diverged
    std::optional<GuardLimits> guard;     // judges ReplaceWith and ApplyDiffs; nullopt: all pass
    bool shared = false;  // others have the same history: who keeps it agrees first, or the commit
                          // fails with what was said
};

// What a commit did.
struct Committed {
    std::optional<Version> version;  // in service from now on
    bool changed = false;            // false: content and SOA were already these
    std::uint64_t removed = 0;       // records
    std::uint64_t added = 0;
    std::uint64_t already_there = 0;  // added records that stood there (accepted, counted)
    std::optional<HeldVersion> held;  // set: the guard stopped it. It is kept, in the place of one
                                      // that was held before; what is in service stays
};

class VersionStore {
  public:
    virtual ~VersionStore() = default;

    // What is committed and synced now. Cheap: no disk. nullptr where the zone is unknown.
    [[nodiscard]] virtual const ZoneState* find(dns::NameView zone) const = 0;

    // What keeps the zone's next version out of service, committed and synced. nullptr: nothing.
    // Borrowed until completions are next run. A commit of new content takes held and rejected
    // versions away.
    [[nodiscard]] virtual const ZoneHold* hold(dns::NameView zone) const = 0;

    // The version in service. Errc::not_found where there is none.
    [[nodiscard]] virtual Result<std::shared_ptr<const Snapshot>> snapshot(dns::NameView zone) = 0;

    // Hands work to the writer; `done` is called on the loop thread once the commit is synced or
    // has failed; never from within submit(). Errors: Errc::transfer_diverged where the change does
    // not fit `base` (nothing is changed), zone_frozen, not_found where no version is held to be
    // published or dropped, disk_full, store_full, store_io.
    using Done = std::function<void(Result<Committed>)>;
    virtual void submit(Commit commit, Done done) = 0;

    // NOTIFYs still owed: (zone, remote). forget_owed() after the answer; written with the next
    // commit, no sync of its own.
    struct Owed {
        dns::Name zone;
        std::string remote;
    };
    [[nodiscard]] virtual std::vector<Owed> owed_notifies() const = 0;
    virtual void forget_owed(dns::NameView zone, std::string_view remote) = 0;
};

}  // namespace twinzone::zone
