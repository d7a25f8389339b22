// A store on a model disk: what was synced survives a crash, what was only submitted does not.
// Implements the seam that the LMDB store implements, with plain lists instead of a tree, and the
// production code for pages and differences.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/store/agreement.h"
#include "common/zone/version_store.h"
#include "tests/sim/world.h"

namespace twinzone::sim {

// One committed version of a zone and the steps that lead to it.
struct StoredStep {
    zone::HistoryStep head;
    std::vector<Bytes> pages;
};
struct StoredVersion {
    zone::Version version;
    zone::RecordList records;  // canonical order, without the SOA
    std::vector<Bytes> pages;
    std::deque<std::shared_ptr<const StoredStep>> history;  // oldest first
    std::string source;
};

// What is on the disk: it outlives the process.
struct ModelDisk {
    struct HeldZone {
        std::shared_ptr<const StoredVersion> content;
        zone::ZoneTimers timers;
        zone::ZoneHold hold;
        std::shared_ptr<const StoredVersion> next;  // hold.held's content
    };
    std::map<std::string, HeldZone> zones;               // by name in text
    std::set<std::pair<std::string, std::string>> owed;  // zone, remote
};

struct StoreFaults {
    unsigned failure_percent = 0;  // of commits: disk full
    unsigned io_percent = 0;       // of commits: EIO, and the store is broken for a while
    std::size_t max_history = 6;   // steps kept
    Duration most_commit_time = milliseconds{30};
};

// One for each life of a process; the disk goes from one to the next.
class ModelStore final : public zone::VersionStore,
                         public std::enable_shared_from_this<ModelStore> {
  public:
    struct Events {
        std::function<void()> on_completion;
        // After a disk error a version is there whose commit had failed.
        std::function<void(const dns::Name&, const zone::Version&)> on_found;
        // Who must agree before a commit with Commit::shared; told later, once.
        std::function<void(std::vector<store::Proposal>, std::function<void(Result<void>)>)>
            agree{};
    };
    ModelStore(World& world, ModelDisk& disk, const StoreFaults& faults, Events events);
    // On a disk without errors.
    ModelStore(World& world, ModelDisk& disk, const StoreFaults& faults,
               std::function<void()> on_completion)
        : ModelStore(world, disk, faults,
                     Events{.on_completion = std::move(on_completion), .on_found = {}}) {}

    // The process dies: the commit on its way to the disk is there whole or not at all.
    void crash();

    // Commits that wait.
    [[nodiscard]] std::size_t queued() const noexcept { return queue_.size(); }

    [[nodiscard]] const zone::ZoneState* find(dns::NameView zone) const override;
    [[nodiscard]] const zone::ZoneHold* hold(dns::NameView zone) const override;
    [[nodiscard]] Result<std::shared_ptr<const zone::Snapshot>> snapshot(
        dns::NameView zone) override;
    void submit(zone::Commit commit, Done done) override;
    [[nodiscard]] std::vector<Owed> owed_notifies() const override;
    void forget_owed(dns::NameView zone, std::string_view remote) override;

    void set_faults(const StoreFaults& faults) noexcept { faults_ = faults; }

    // What is served now.
    [[nodiscard]] std::shared_ptr<const StoredVersion> served(const dns::Name& zone) const;

  private:
    struct Pending {
        zone::Commit commit;
        Done done;
    };

    // A commit that is ready and not on the disk.
    struct Prepared {
        ModelDisk::HeldZone held;
        zone::Committed result;
    };

    void start_next();
    void begin_front();
    void ask_agreement();
    void handle_agreed(const Result<void>& agreed);
    void finish_front();
    void complete(Pending pending, Result<zone::Committed> result);
    [[nodiscard]] Result<Prepared> prepare(zone::Commit& commit);
    [[nodiscard]] zone::Committed write(const zone::Commit& commit, Prepared prepared);
    [[nodiscard]] Result<zone::Committed> attempt(zone::Commit& commit);
    void settle_owed(const std::string& zone, bool owes_anew);
    void break_disk(zone::Commit& commit);
    void mend_disk();
    [[nodiscard]] Result<zone::Committed> apply(zone::Commit& commit);
    [[nodiscard]] Result<zone::Committed> replace(ModelDisk::HeldZone& held,
                                                  zone::ReplaceWith& change,
                                                  const zone::Commit& commit);
    [[nodiscard]] Result<zone::Committed> apply_diffs(ModelDisk::HeldZone& held,
                                                      const zone::ApplyDiffs& change,
                                                      const zone::Commit& commit);
    [[nodiscard]] static Result<zone::Committed> change_hold(ModelDisk::HeldZone& held,
                                                             const zone::Commit& commit);
    [[nodiscard]] static Result<zone::Committed> publish_held(ModelDisk::HeldZone& held,
                                                              const zone::PublishHeld& change);
    static void judge(ModelDisk::HeldZone& held, std::shared_ptr<const StoredVersion> before,
                      const zone::Commit& commit, zone::Committed& result);
    void show(const dns::Name& zone);

    World& world_;
    ModelDisk& disk_;
    StoreFaults faults_;
    Events events_;
    std::deque<Pending> queue_;
    bool busy_ = false;
    bool agreeing_ = false;           // others are asked about the first of queue_
    std::optional<Prepared> agreed_;  // the first of queue_: others are asked, or have agreed
    bool broken_ = false;
    std::set<std::string> unsure_;  // zones whose commit an error of the disk ended
    // NOTIFYs that are owed no more unless a commit under way owes them anew; and such commits, by
    // zone.
    std::set<std::pair<std::string, std::string>> forgotten_;
    std::map<std::string, unsigned> in_flight_;
    struct Visible {
        zone::ZoneState state;
        zone::ZoneHold hold;
        std::shared_ptr<const StoredVersion> content;
    };
    std::map<std::string, Visible> visible_;  // of this life: moves when a completion is delivered
};

// A version made of records (any order, no SOA), with its pages and digest computed from scratch.
[[nodiscard]] std::shared_ptr<StoredVersion> make_version(const dns::SoaRecord& soa,
                                                          zone::RecordList records);

// Borrows the version.
[[nodiscard]] std::unique_ptr<zone::PageCursor> pages_of(const StoredVersion& version);

// The digest of records and SOA, computed from scratch.
[[nodiscard]] zone::Digest digest_of(const dns::SoaRecord& soa, const zone::RecordList& records);

// Reads a list as a stream. Borrows it.
class ListStream final : public zone::RecordStream {
  public:
    explicit ListStream(const zone::RecordList& list) : list_(list) {}
    [[nodiscard]] Result<std::optional<dns::RecordView>> next() override;

  private:
    const zone::RecordList& list_;
    std::size_t at_ = 0;
};

}  // namespace twinzone::sim
