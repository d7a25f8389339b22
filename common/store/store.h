// The durable store of zones: zone::VersionStore over one LMDB environment. One process, one Store
// a directory. Below it LMDB, above it the services of both programs. Design §1, RFC 1995 §5.
//
// Files in the directory
//   data.mdb, lock.mdb        LMDB's. `data.mdb.damaged-<unix time>` is a store that was set aside.
//   twinzone.lock             held with flock(2) by the process that owns the store (lock_file.h)
//
// Format 1. Six named databases; every integer in network order; "sum" is XXH3-64, 8 octets, the
// last of a value, over the octets before it with XXH3-64 of the key as seed: LMDB protects none of
// its bytes, and a value that stands under a wrong key shows as well as one that rotted.
//   meta     "store"                      -> format u32, next id u32, sum
//            "sweep" kind u8 id u32       -> nothing. A content (kind 0) or a journal (kind 1) that
//                                            nothing refers to: being written, or being deleted
//   zones    lower-case wire name         -> zone record (zone_record.h): content id, journal id
//   and
//                                            bounds, timers, version with its SOA; sum
//   pages    content id u32, page key     -> page (a DNS message, common/zone/page.h), sum
//   journal  journal id u32, sequence u64, part u32
//                                         -> part 0: head of a step (journal.h), sum
//                                            part 1…: its pages, as they are sent; sum
//   owed     lower-case wire name, remote -> nothing
//   holds    lower-case wire name         -> what keeps the zone's next version out of service: a
//                                            held version (its content is under an id of its own in
//                                            pages or journal), a rejected one, a freeze; sum
//                                            (hold_record.h). Stores from before there were such
//                                            lack the database; opening makes it
//
// A commit is one LMDB transaction over all six. Content that does not fit one bounded transaction
// is written under a new content id that a "sweep" entry names from its first transaction on; the
// last one points the zone record there, takes that entry away and adds one for what was replaced.
// So is content that changes most pages of a large zone; its difference is found on the way.
// What has a "sweep" entry at start is deleted, in bounded transactions, beside other work.
//
// What damage means
//   data.mdb is no LMDB file, is cut short, cannot be walked, or "store" is unreadable: the file is
//     set aside and a fresh store begins. Opening::set_aside says so.
//   "store" has a newer format: Errc::store_format; nothing is touched.
//   a zone record's sum is wrong: that zone is unknown until it is replaced whole or dropped;
//     Opening::damaged_zones names it, snapshot() gives store_corrupt.
//   a page's sum is wrong: store_corrupt from the cursor or commit that meets it. ReplaceWith heals
//     the zone (and cuts its history); drop() forgets it.
//   a hold record's sum is wrong: it is taken away, as damaged zones are; the zone is neither
//   frozen
//     nor held. Opening::damaged_holds names it.
//   a journal value's sum is wrong: history ends there, as if it had been trimmed.
//
// When the disk fails
//   ENOSPC, EDQUOT, or the map's limit: the group of commits is undone and each is tried alone;
//   what
//     does not fit fails with disk_full or store_full. The store serves on.
//   EIO or a failed sync: every commit fails with store_io and no new snapshot is given, until the
//     last snapshot of the old environment has ended; then the writer reopens and checks it. (LMDB
//     must not have one file open twice in a process: its locks would be lost.) A failed commit
//     may have reached the disk all the same: StoreOptions::on_found.
//
// Threads: open, find, hold, visit_zones, submit, run_completions, drop, configure, owed_notifies,
// forget_owed: the loop thread. snapshot, held, stats, is_broken, used_bytes, check_readers: any.
// Snapshots and their cursors are used and freed on any thread. `wake` is called on the writer
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/dns/name.h"
#include "common/dns/name_table.h"
#include "common/store/agreement.h"
#include "common/zone/version_store.h"

namespace twinzone::store {

class HeldSnapshot;

inline constexpr std::uint64_t kDefaultMaxBytes = std::uint64_t{1} << 40;

// How much history of a zone is kept; the oldest steps go in the commit that adds one.
struct JournalLimits {
    std::uint64_t max_versions = 1000;
    std::uint64_t max_bytes = 0;            // octets of pages; 0: by share
    std::uint32_t max_share_percent = 100;  // of the zone's size, but kMinJournalBytes is allowed

    friend bool operator==(const JournalLimits&, const JournalLimits&) = default;
};

// By share alone a zone of ten records would have no history worth the name.
inline constexpr std::uint64_t kMinJournalBytes = std::uint64_t{64} * 1024;

struct StoreOptions {
    std::string directory;             // made with mode 0700 where it is missing
    std::string program = "twinzone";  // who we are, for whoever finds the store locked
    std::uint64_t max_bytes = kDefaultMaxBytes;
    JournalLimits journal;  // of zones that configure() was not told about
    std::function<void()>
        wake;  // completions wait: have the loop call run_completions(). Called on
               // the writer thread; empty where the caller polls or uses drain()
    // Each commit that was synced, with the time since its submit(). Called by run_completions();
    // may be empty.
    std::function<void(Duration took)> on_synced{};
    // After a disk error: a version is in service although its commit had failed, since it had
    // reached the disk. NOTIFYs that it owes are owed again. Called by run_completions(); the state
    // is borrowed for the call. May be empty.
    std::function<void(const zone::ZoneState& state)> on_found{};
    // Asked for every Commit::shared that puts a version into service. Empty: nobody is asked.
    Agree agree{};
    // Shared with other parts that know the same zones; for the loop thread.
    dns::NameTablePtr names = std::make_shared<dns::NameTable>();
};

// What open() found; for the log.
struct Opening {
    std::string set_aside;      // where the damaged store went; empty: none was
    std::string set_aside_why;  // in words
    std::string repair_failed;  // why damaged zones keep their room on disk; empty: they do not
    std::vector<dns::Name> damaged_zones;
    std::vector<dns::Name> damaged_holds;  // zones whose freeze or held version is lost
    std::uint64_t zones = 0;
    std::uint64_t leftovers = 0;      // contents and journals that now get swept
    std::uint32_t stale_readers = 0;  // slots of dead processes that were freed
    bool fresh = false;               // there was no store before
};

struct Stats {
    std::uint64_t max_bytes = 0;
    std::uint64_t used_bytes = 0;  // of the file, free pages within it included
    std::uint64_t free_bytes = 0;  // free pages within used_bytes
    std::uint64_t journal_bytes = 0;
    std::uint64_t zones = 0;
    std::uint64_t snapshots = 0;          // alive
    std::uint64_t read_transactions = 0;  // alive; each keeps old pages from being used again
    bool broken = false;                  // after EIO, until reopened
};

class Store final : public zone::VersionStore {
  public:
    // Errc::store_locked (detail says who), store_format, store_io, disk_full, file_unreadable,
    // config_invalid for a network file system. Damage is no error: see Opening.
    [[nodiscard]] static Result<std::unique_ptr<Store>> open(StoreOptions options);

    // Commits what was submitted, without calling its Done, then closes. Requires: no cursor is in
    // use. Snapshots may outlive the store.
    ~Store() override;
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    [[nodiscard]] const Opening& opening() const noexcept;

    // The pointer is good until the next run_completions() or kFindWindow further calls: resident
    // zones are kept packed. Use it at once; copy what is to stay.
    [[nodiscard]] const zone::ZoneState* find(dns::NameView zone) const override;
    static constexpr std::size_t kFindWindow = 256;

    [[nodiscard]] const zone::ZoneHold* hold(dns::NameView zone) const override;

    // Every known zone, in no order; the state is borrowed for the call.
    void visit_zones(const std::function<void(const zone::ZoneState&)>& visit) const;

    [[nodiscard]] Result<std::shared_ptr<const zone::Snapshot>> snapshot(
        dns::NameView zone) override;

    // A version that the guard keeps, with the one in service, held still. Errc::not_found.
    [[nodiscard]] Result<std::shared_ptr<const HeldSnapshot>> held(dns::NameView zone);

    void submit(zone::Commit commit, Done done) override;

    // Forgets the zone: record, content, history, what it is owed. Committed::changed says whether
    // there was one.
    void drop(dns::NameView zone, Done done);

    // Calls the Done of every commit that is over, in the order they were submitted (a large
    // ReplaceWith may be overtaken by other zones). Returns how many.
    std::size_t run_completions();

    // Blocks until the writer has nothing left to do, leftovers swept included, calling Done as
    // run_completions() does. For one-shot programs and tests.
    void drain();

    // How much history `zone` keeps from its next commit on.
    void configure(dns::NameView zone, const JournalLimits& limits);

    [[nodiscard]] std::vector<Owed> owed_notifies() const override;
    void forget_owed(dns::NameView zone, std::string_view remote) override;

    // Frees reader slots of dead processes; call it each minute. Returns how many there were.
    std::uint32_t check_readers();

    [[nodiscard]] Stats stats() const;

    // Of these the ones that cost nothing. used_bytes(): nullopt while broken.
    [[nodiscard]] bool is_broken() const;
    [[nodiscard]] std::optional<std::uint64_t> used_bytes() const;

  private:
    struct Parts;
    explicit Store(std::unique_ptr<Parts> parts) noexcept;

    std::unique_ptr<Parts> parts_;
};

}  // namespace twinzone::store
