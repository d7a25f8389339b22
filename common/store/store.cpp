#include "common/store/store.h"

#include <set>
#include <unordered_map>
#include <utility>

#include "common/store/keys.h"
#include "common/store/open_store.h"
#include "common/store/resident_zones.h"
#include "common/store/snapshot.h"
#include "common/store/writer.h"

namespace twinzone::store {

struct Store::Parts {
    Parts(EnvironmentPtr env, Residents residents)
        : max_bytes(env->max_bytes()),
          slot(std::move(env)),
          zones(std::move(residents.zones)),
          holds(std::move(residents.holds)) {}

    Opening opening;
    std::uint64_t max_bytes;
    EnvironmentSlot slot;
    std::shared_ptr<LockFile> lock;
    Snapshots snapshots;
    ResidentZones zones;
    ResidentHolds holds;
    std::set<std::string> owed;  // keys of the table
    // Keys of `owed` that commits under way will write again: forgetting one of them before would
    // forget what is owed for the newer version.
    std::unordered_map<std::string, std::size_t> owed_in_flight;
    std::unique_ptr<Writer> writer;
    std::function<void(Duration)> on_synced;
    std::function<void(const zone::ZoneState&)> on_found;

    void submit(Job job);
    void complete(Completion& completion);
    void settle_owed(const Completion& completion);
    [[nodiscard]] std::optional<zone::Digest> digest_of(ByteView zone_key);
};

namespace {

std::string owed_text(ByteView zone_key, std::string_view remote) {
    return std::string{as_text(owed_key(zone_key, remote))};
}

}  // namespace

void Store::Parts::submit(Job job) {
    if (const auto* commit = std::get_if<zone::Commit>(&job.work)) {
        for (const std::string& remote : commit->owe_notify) {
            ++owed_in_flight[owed_text(job.zone_key, remote)];
        }
    }
    writer->submit(std::move(job));
}

std::optional<zone::Digest> Store::Parts::digest_of(ByteView zone_key) {
    const zone::ZoneState* state = zones.find(dns::NameView::unchecked(zone_key));
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
        std::erase_if(owed, [&](const std::string& key) {
            return starts_with(as_bytes(key), completion.zone_key);
        });
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
        on_found(*zones.find(dns::NameView::unchecked(completion.zone_key)));
    }
}

void Store::Parts::settle_owed(const Completion& completion) {
    const bool in_service = completion.result && !completion.result->held;
    for (const std::string& remote : completion.owe_notify) {
        const std::string key = owed_text(completion.zone_key, remote);
        const auto counted = owed_in_flight.find(key);
        if (!completion.found && counted != owed_in_flight.end() && --counted->second == 0) {
            owed_in_flight.erase(counted);
        }
        if (in_service) {
            owed.insert(key);
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
    auto parts = std::make_unique<Parts>(*env, std::move(residents));
    parts->lock = *lock;
    Result<std::vector<SweepItem>> sweeps = load_sweeps(*env);
    Result<std::vector<Bytes>> owed = load_owed(*env);
    if (!sweeps || !owed) {
        return fail(!sweeps ? sweeps.error() : owed.error());
    }
    for (const Bytes& key : *owed) {
        parts->owed.emplace(as_text(key));
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
    std::vector<Owed> all;
    all.reserve(parts_->owed.size());
    for (const std::string& key : parts_->owed) {
        const Result<dns::NameView> zone = dns::NameView::parse(as_bytes(key));
        if (zone) {
            all.push_back({dns::Name{*zone}, key.substr(zone->size())});
        }
    }
    return all;
}

void Store::forget_owed(dns::NameView zone, std::string_view remote) {
    Bytes key = zone_key(zone);
    const std::string owed = owed_text(key, remote);
    if (parts_->owed.erase(owed) > 0 && parts_->owed_in_flight.count(owed) == 0) {
        parts_->submit({std::move(key), ForgetOwed{std::string{remote}}, {}});
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
