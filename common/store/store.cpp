#include "common/store/store.h"

#include <utility>

#include "common/store/keys.h"
#include "common/store/open_store.h"
#include "common/store/owed_notifies.h"
#include "common/store/resident_zones.h"
#include "common/store/snapshot.h"
#include "common/store/writer.h"

namespace twinzone::store {

struct Store::Parts {
    Parts(EnvironmentPtr env, Residents residents, dns::NameTablePtr names)
        : max_bytes(env->max_bytes()),
          slot(std::move(env)),
          zones(std::move(residents.zones)),
          holds(std::move(residents.holds)),
          owed(std::move(names)) {}

    Opening opening;
    std::uint64_t max_bytes;
    EnvironmentSlot slot;
    std::shared_ptr<LockFile> lock;
    Snapshots snapshots;
    ResidentZones zones;
    ResidentHolds holds;
    OwedNotifies owed;
    std::unique_ptr<Writer> writer;
    std::function<void(Duration)> on_synced;
    std::function<void(const zone::ZoneState&)> on_found;

    void submit(Job job);
    void complete(Completion& completion);
    void settle_owed(const Completion& completion);
    [[nodiscard]] std::optional<zone::Digest> digest_of(ByteView zone_key);
};

namespace {

dns::NameView name_of(ByteView zone_key) {
    return dns::NameView::unchecked(zone_key);
}

}  // namespace

void Store::Parts::submit(Job job) {
    if (const auto* commit = std::get_if<zone::Commit>(&job.work)) {
        for (const std::string& remote : commit->owe_notify) {
            owed.commit_began(name_of(job.zone_key), remote);
        }
    }
    writer->submit(std::move(job));
}

std::optional<zone::Digest> Store::Parts::digest_of(ByteView zone_key) {
    const zone::ZoneState* state = zones.find(name_of(zone_key));
    return state != nullptr && state->version ? std::optional{state->version->digest}
                                              : std::nullopt;
}

// What find() and owed_notifies() say from now on; then Done.
void Store::Parts::complete(Completion& completion) {
    const std::optional<zone::Digest> before =
        completion.found ? digest_of(completion.zone_key) : std::nullopt;
    if (completion.resident == Completion::Resident::set) {
        const std::optional<ZoneRecord> record = decode_zone_record(completion.record);
        TWINZONE_ASSERT(record.has_value());  // it was encoded just before
        zones.set(completion.zone_key, *record);
    } else if (completion.resident == Completion::Resident::removed) {
        zones.remove(completion.zone_key);
        owed.remove_zone(name_of(completion.zone_key));
    }
    if (completion.hold) {
        const std::string key{as_text(completion.zone_key)};
        if (completion.hold->empty()) {
            holds.erase(key);
        } else {
            holds.insert_or_assign(key, *std::move(completion.hold));
        }
    }
    settle_owed(completion);
    if (on_synced && completion.result && completion.took) {
        on_synced(*completion.took);
    }
    if (completion.done) {
        completion.done(std::move(completion.result));
    }
    if (on_found && completion.found && digest_of(completion.zone_key) &&
        digest_of(completion.zone_key) != before) {
        on_found(*zones.find(name_of(completion.zone_key)));
    }
}

void Store::Parts::settle_owed(const Completion& completion) {
    const bool in_service = completion.result && !completion.result->held;
    for (const std::string& remote : completion.owe_notify) {
        if (!completion.found) {
            owed.commit_ended(name_of(completion.zone_key), remote);
        }
        if (in_service) {
            owed.add(name_of(completion.zone_key), remote);
        }
    }
}

Result<std::unique_ptr<Store>> Store::open(StoreOptions options) {
    if (Result<void> prepared = prepare_directory(options.directory); !prepared) {
        return fail(std::move(prepared).error());
    }
    Result<std::shared_ptr<LockFile>> lock = LockFile::acquire(options.directory, options.program);
    if (!lock) {
        return fail(std::move(lock).error());
    }
    const Environment::Options environment{options.directory, options.max_bytes, *lock};
    Opening opening;
    Residents residents{.zones = ResidentZones{options.names}, .holds = {}};
    Result<EnvironmentPtr> env = open_environment(environment, residents, opening);
    if (!env) {
        return fail(std::move(env).error());
    }
    opening.stale_readers = (*env)->check_readers();
    auto parts = std::make_unique<Parts>(*env, std::move(residents), options.names);
    parts->lock = *lock;
    Result<std::vector<SweepItem>> sweeps = load_sweeps(*env);
    Result<std::vector<Bytes>> owed = load_owed(*env);
    if (!sweeps || !owed) {
        return fail(!sweeps ? sweeps.error() : owed.error());
    }
    for (const Bytes& key : *owed) {
        if (const Result<dns::NameView> zone = dns::NameView::parse(key)) {
            parts->owed.add(*zone, as_text(ByteView{key}.subspan(zone->size())));
        }
    }
    parts->on_synced = std::move(options.on_synced);
    parts->on_found = std::move(options.on_found);
    opening.leftovers = sweeps->size();
    parts->opening = std::move(opening);
    auto reopen = [environment]() -> Result<Reopened> {
        Result<EnvironmentPtr> again = reopen_environment(environment);
        Result<std::vector<SweepItem>> left = again ? load_sweeps(*again) : fail(again.error());
        return left ? Result<Reopened>{Reopened{*again, *std::move(left)}}
                    : fail(std::move(left).error());
    };
    parts->writer = std::make_unique<Writer>(
        parts->slot,
        Writer::Options{options.directory, options.journal, std::move(options.wake),
                        std::move(reopen), std::move(options.agree), *std::move(sweeps)});
    return std::unique_ptr<Store>{new Store{std::move(parts)}};
}

Store::Store(std::unique_ptr<Parts> parts) noexcept : parts_(std::move(parts)) {}

Store::~Store() {
    parts_->writer.reset();
    if (!parts_->slot.broken()) {
        parts_->lock->mark_clean();
    }
}

const Opening& Store::opening() const noexcept {
    return parts_->opening;
}

const zone::ZoneState* Store::find(dns::NameView zone) const {
    return parts_->zones.find(zone);
}

const zone::ZoneHold* Store::hold(dns::NameView zone) const {
    if (parts_->holds.empty()) {
        return nullptr;
    }
    const auto at = parts_->holds.find(std::string{as_text(zone_key(zone))});
    return at == parts_->holds.end() ? nullptr : &at->second;
}

void Store::visit_zones(const std::function<void(const zone::ZoneState&)>& visit) const {
    parts_->zones.visit(visit);
}

Result<std::shared_ptr<const zone::Snapshot>> Store::snapshot(dns::NameView zone) {
    const EnvironmentPtr env = parts_->slot.get();
    if (!env) {
        return fail(Errc::store_io, "the store waits to be opened again after a disk error");
    }
    return parts_->snapshots.take(env, zone_key(zone));
}

Result<std::shared_ptr<const HeldSnapshot>> Store::held(dns::NameView zone) {
    const EnvironmentPtr env = parts_->slot.get();
    if (!env) {
        return fail(Errc::store_io, "the store waits to be opened again after a disk error");
    }
    return parts_->snapshots.take_held(env, zone_key(zone));
}

void Store::submit(zone::Commit commit, Done done) {
    Bytes key = zone_key(commit.zone);
    parts_->submit({std::move(key), std::move(commit), std::move(done)});
}

void Store::drop(dns::NameView zone, Done done) {
    parts_->submit({zone_key(zone), DropZone{}, std::move(done)});
}

std::size_t Store::run_completions() {
    std::vector<Completion> completions = parts_->writer->take_completions();
    for (Completion& completion : completions) {
        parts_->complete(completion);
    }
    return completions.size();
}

void Store::drain() {
    while (!parts_->writer->wait_idle() || run_completions() > 0) {
        run_completions();
    }
}

void Store::configure(dns::NameView zone, const JournalLimits& limits) {
    parts_->writer->set_limits(zone_key(zone), limits);
}

std::vector<zone::VersionStore::Owed> Store::owed_notifies() const {
    return parts_->owed.all();
}

void Store::forget_owed(dns::NameView zone, std::string_view remote) {
    if (parts_->owed.remove(zone, remote) && !parts_->owed.is_coming(zone, remote)) {
        parts_->submit({zone_key(zone), ForgetOwed{std::string{remote}}, {}});
    }
}

std::uint32_t Store::check_readers() {
    const EnvironmentPtr env = parts_->slot.get();
    return env ? env->check_readers() : 0;
}

bool Store::is_broken() const {
    return parts_->slot.broken();
}

std::optional<std::uint64_t> Store::used_bytes() const {
    const EnvironmentPtr env = parts_->slot.get();
    return env ? std::optional{env->used_bytes()} : std::nullopt;
}

Stats Store::stats() const {
    Stats stats;
    stats.max_bytes = parts_->max_bytes;
    stats.zones = parts_->zones.size();
    const EnvironmentPtr env = parts_->slot.get();
    stats.broken = !env;
    if (env) {
        stats.used_bytes = env->used_bytes();
        stats.snapshots = env->snapshots;
        stats.read_transactions = env->read_transactions;
        if (const auto txn = ReadTransaction::begin(env)) {
            stats.journal_bytes = (*txn)->table_bytes(Table::journal);
            const Result<std::uint64_t> free = (*txn)->free_bytes();
            stats.free_bytes = free ? *free : 0;
        }
    }
    return stats;
}

}  // namespace twinzone::store
