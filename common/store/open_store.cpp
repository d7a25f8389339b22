#include "common/store/open_store.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <set>
#include <system_error>

#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/store/file_check.h"
#include "common/store/keys.h"

namespace twinzone::store {

namespace {

constexpr const char* kFile = "/data.mdb";

// File systems on which neither LMDB's locks nor its map can be trusted (statfs(2)).
constexpr std::uint32_t kNfs = 0x6969;
constexpr std::uint32_t kSmb = 0x517b;
constexpr std::uint32_t kSmb2 = 0xfe534d42;
constexpr std::uint32_t kCifs = 0xff534d42;

// This many ends in a row without closing may have been this store's doing: look at all of it.
constexpr std::uint32_t kSuspectEnds = 2;

// One damaged store is kept, to be looked at; more would fill the disk.
void remove_older_damaged(const std::filesystem::path& directory) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator{directory, ignored}) {
        if (entry.path().filename().string().starts_with("data.mdb.damaged-")) {
            std::filesystem::remove(entry.path(), ignored);
        }
    }
}

Result<void> set_aside(const std::string& directory, const Error& why, Opening& opening) {
    remove_older_damaged(directory);
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::string from = directory + kFile;
    const std::string to =
        fmt::format("{}.damaged-{}", from, std::chrono::duration_cast<seconds>(now).count());
    if (::rename(from.c_str(), to.c_str()) != 0) {
        return fail(Errc::file_unreadable, fmt::format("{}: {}", to, std::strerror(errno)));
    }
    ::unlink((directory + "/lock.mdb").c_str());
    opening.set_aside = to;
    opening.set_aside_why = why.detail();
    return {};
}

Result<void> begin_store(const EnvironmentPtr& env) {
    Result<WriteTransaction> txn = WriteTransaction::begin(env);
    Result<void> done = txn ? write_store_record(*txn, {}) : fail(txn.error());
    return done ? txn->commit() : done;
}

Result<EnvironmentPtr> open_once(const Environment::Options& options, Opening& opening) {
    const bool suspect = options.lock->unclean_ends() >= kSuspectEnds;
    if (Result<void> good =
            check_file(options.directory + kFile, suspect ? CheckDepth::whole : CheckDepth::quick);
        !good) {
        return fail(std::move(good).error());
    }
    Result<EnvironmentPtr> env = Environment::open(options);
    if (!env) {
        return env;
    }
    const Result<bool> filled = check_format(*env);
    if (!filled) {
        return fail(filled.error());
    }
    if (!*filled) {
        opening.fresh = true;
        if (Result<void> begun = begin_store(*env); !begun) {
            return fail(std::move(begun).error());
        }
    }
    return env;
}

dns::Name name_of_key(ByteView key) {
    const Result<dns::NameView> name = dns::NameView::parse(key);
    return name ? dns::Name{*name} : dns::Name{};
}

// The ids under which a table has entries, without reading these.
Result<std::vector<std::uint32_t>> ids_in(const Transaction& txn, Table table) {
    std::vector<std::uint32_t> ids;
    Result<Cursor> cursor = Cursor::open(txn, table);
    if (!cursor) {
        return fail(std::move(cursor).error());
    }
    std::uint32_t from = 0;
    for (;;) {
        const Cursor::Found found = cursor->at_or_after(id_prefix(from));
        if (!found) {
            return fail(found.error());
        }
        if (!*found || (*found)->key.size() < 4) {
            return ids;
        }
        ids.push_back(load_u32((*found)->key.data()));
        if (ids.back() == UINT32_MAX) {
            return ids;
        }
        from = ids.back() + 1;
    }
}

// What no zone in `used` refers to gets swept.
Result<void> sweep_unused(Batch& batch, Table table, SweepItem::Kind kind,
                          const std::set<std::uint32_t>& used) {
    const Result<std::vector<std::uint32_t>> ids = ids_in(batch.txn(), table);
    if (!ids) {
        return fail(ids.error());
    }
    for (const std::uint32_t id : *ids) {
        if (used.count(id) == 0) {
            if (Result<void> begun = batch.begin_sweep({kind, id}); !begun) {
                return begun;
            }
        }
    }
    return {};
}

struct Loaded {
    std::vector<Bytes> damaged;        // keys of zones
    std::vector<Bytes> damaged_holds;  // keys
    std::set<std::uint32_t> contents;
    std::set<std::uint32_t> journals;
};

Result<void> erase_all(Batch& batch, Table table, const std::vector<Bytes>& keys) {
    for (const Bytes& key : keys) {
        if (const Result<bool> erased = batch.txn().erase(table, key); !erased) {
            return fail(erased.error());
        }
    }
    return {};
}

Result<void> take_out_damaged(const EnvironmentPtr& env, const Loaded& loaded) {
    Result<Batch> batch = Batch::begin(env);
    if (!batch) {
        return fail(std::move(batch).error());
    }
    Result<void> done = erase_all(*batch, Table::zones, loaded.damaged);
    if (done) {
        done = erase_all(*batch, Table::holds, loaded.damaged_holds);
    }
    if (!done) {
        return done;
    }
    done = sweep_unused(*batch, Table::pages, SweepItem::Kind::content, loaded.contents);
    if (done) {
        done = sweep_unused(*batch, Table::journal, SweepItem::Kind::journal, loaded.journals);
    }
    return done ? batch->commit() : done;
}

// Calls `each` with every entry of a table.
template <class Each>
Result<void> for_each(const Transaction& txn, Table table, Each each) {
    Result<Cursor> cursor = Cursor::open(txn, table);
    if (!cursor) {
        return fail(std::move(cursor).error());
    }
    for (;;) {
        const Cursor::Found found = cursor->next();
        if (!found) {
            return fail(found.error());
        }
        if (!*found) {
            return {};
        }
        each(**found);
    }
}

Result<void> read_holds(const Transaction& txn, ResidentHolds& holds, Loaded& loaded) {
    return for_each(txn, Table::holds, [&](const TableEntry& entry) {
        const std::optional<ByteView> body = without_sum(entry.key, entry.value);
        const std::optional<HoldRecord> record = body ? decode_hold_record(*body) : std::nullopt;
        if (!record) {
            loaded.damaged_holds.emplace_back(entry.key.begin(), entry.key.end());
            return;
        }
        holds.insert_or_assign(std::string{as_text(entry.key)}, record->hold);
        if (record->hold.held) {
            const SweepItem& item = record->content.item;
            (item.kind == SweepItem::Kind::content ? loaded.contents : loaded.journals)
                .insert(item.id);
        }
    });
}

// `remember`: also what is in use.
Result<Loaded> read_all(const EnvironmentPtr& env, Residents& residents, bool remember) {
    Loaded loaded;
    const Result<std::shared_ptr<const ReadTransaction>> txn = ReadTransaction::begin(env);
    if (!txn) {
        return fail(txn.error());
    }
    residents.zones.reserve((*txn)->count(Table::zones));
    const Result<void> read = for_each(**txn, Table::zones, [&](const TableEntry& entry) {
        const std::optional<ByteView> body = without_sum(entry.key, entry.value);
        const std::optional<ZoneRecord> record = body ? decode_zone_record(*body) : std::nullopt;
        if (!record) {
            loaded.damaged.emplace_back(entry.key.begin(), entry.key.end());
            return;
        }
        residents.zones.set(entry.key, *record);
        if (remember) {
            loaded.contents.insert(record->content);
            loaded.journals.insert(record->journal);
        }
    });
    const Result<void> holds = read ? read_holds(**txn, residents.holds, loaded) : read;
    return holds ? Result<Loaded>{std::move(loaded)} : fail(holds.error());
}

// Where one record is damaged, more may be: LMDB writes to the tables only after all were checked.
Result<void> repair(const EnvironmentPtr& env, const std::string& file, Residents& residents) {
    if (Result<void> good = check_file(file, CheckDepth::whole); !good) {
        return good;
    }
    const Result<Loaded> loaded = read_all(env, residents, true);  // again, for what is in use
    return loaded ? take_out_damaged(env, *loaded) : fail(loaded.error());
}

Result<EnvironmentPtr> open_and_load(const Environment::Options& options, Residents& residents,
                                     Opening& opening) {
    Result<EnvironmentPtr> env = open_once(options, opening);
    if (!env) {
        return env;
    }
    const Result<Loaded> loaded = read_all(*env, residents, false);
    if (!loaded) {
        return fail(loaded.error());
    }
    opening.zones = residents.zones.size();
    if (loaded->damaged.empty() && loaded->damaged_holds.empty()) {
        return env;
    }
    for (const Bytes& key : loaded->damaged_holds) {
        opening.damaged_holds.push_back(name_of_key(key));
    }
    for (const Bytes& key : loaded->damaged) {
        opening.damaged_zones.push_back(name_of_key(key));
    }
    if (Result<void> repaired = repair(*env, options.directory + kFile, residents); !repaired) {
        if (repaired.error().code() == Errc::store_corrupt) {
            return fail(std::move(repaired).error());
        }
        // A full disk: the zones are unknown all the same, what they had stays for now.
        opening.repair_failed = repaired.error().detail();
    }
    return env;
}

}  // namespace

Result<bool> check_format(const EnvironmentPtr& env) {
    const Result<std::shared_ptr<const ReadTransaction>> txn = ReadTransaction::begin(env);
    if (!txn) {
        return fail(txn.error());
    }
    const Result<std::optional<StoreRecord>> record = read_store_record(**txn);
    if (!record) {
        return fail(record.error());
    }
    if (!*record && ((*txn)->count(Table::zones) != 0 || (*txn)->count(Table::meta) != 0)) {
        return fail(Errc::store_corrupt, "the store's own record is missing");
    }
    return record->has_value();
}

Result<void> prepare_directory(const std::string& directory) {
    const std::filesystem::path path{directory};
    std::error_code made;
    if (path.has_parent_path()) {
        std::filesystem::create_directories(path.parent_path(), made);
    }
    if (made || (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)) {
        const int reason = made ? made.value() : errno;
        return fail(reason == ENOSPC ? Errc::disk_full : Errc::file_unreadable,
                    fmt::format("{}: {}", directory, std::strerror(reason)));
    }
    struct statfs system {};
    if (::statfs(directory.c_str(), &system) != 0) {
        return fail(Errc::file_unreadable, fmt::format("{}: {}", directory, std::strerror(errno)));
    }
    const auto kind = static_cast<std::uint32_t>(system.f_type);
    if (kind == kNfs || kind == kSmb || kind == kSmb2 || kind == kCifs) {
        return fail(
            Errc::config_invalid,
            fmt::format("{} is on a network file system, where a store is not safe", directory));
    }
    return {};
}

Result<EnvironmentPtr> open_environment(const Environment::Options& options, Residents& residents,
                                        Opening& opening) {
    Result<EnvironmentPtr> env = open_and_load(options, residents, opening);
    if (!env && env.error().code() == Errc::store_corrupt) {
        residents.zones.clear();
        residents.holds.clear();
        opening = Opening{};
        if (Result<void> aside = set_aside(options.directory, env.error(), opening); !aside) {
            return fail(std::move(aside).error());
        }
        env = open_and_load(options, residents, opening);
    }
    return env;
}

Result<EnvironmentPtr> reopen_environment(const Environment::Options& options) {
    Opening opening;
    Result<EnvironmentPtr> env = open_once(options, opening);
    if (env && opening.fresh) {
        return fail(Errc::store_corrupt, "the store is gone");
    }
    return env;
}

Result<std::vector<SweepItem>> load_sweeps(const EnvironmentPtr& env) {
    std::vector<SweepItem> items;
    const Result<std::shared_ptr<const ReadTransaction>> txn = ReadTransaction::begin(env);
    if (!txn) {
        return fail(txn.error());
    }
    const Result<void> read = for_each(**txn, Table::meta, [&](const TableEntry& entry) {
        if (const std::optional<SweepItem> item = sweep_item(entry.key)) {
            items.push_back(*item);
        }
    });
    return read ? Result<std::vector<SweepItem>>{std::move(items)} : fail(read.error());
}

Result<std::vector<Bytes>> load_owed(const EnvironmentPtr& env) {
    std::vector<Bytes> keys;
    const Result<std::shared_ptr<const ReadTransaction>> txn = ReadTransaction::begin(env);
    if (!txn) {
        return fail(txn.error());
    }
    const Result<void> read = for_each(**txn, Table::owed, [&](const TableEntry& entry) {
        keys.emplace_back(entry.key.begin(), entry.key.end());
    });
    return read ? Result<std::vector<Bytes>>{std::move(keys)} : fail(read.error());
}

}  // namespace twinzone::store
