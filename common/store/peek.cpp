#include "common/store/peek.h"

#include <filesystem>

#include "common/store/environment.h"
#include "common/store/file_check.h"
#include "common/store/keys.h"
#include "common/store/open_store.h"
#include "common/store/store.h"
#include "common/store/zone_record.h"

namespace twinzone::store {

namespace {

using ZoneStates = std::vector<zone::ZoneState>;

// A record that is damaged is left out: its zone would be loaded anew.
Result<ZoneStates> read_zones(const EnvironmentPtr& env) {
    const Result<std::shared_ptr<const ReadTransaction>> txn = ReadTransaction::begin(env);
    if (!txn) {
        return fail(txn.error());
    }
    Result<Cursor> cursor = Cursor::open(**txn, Table::zones);
    if (!cursor) {
        return fail(std::move(cursor).error());
    }
    ZoneStates states;
    for (;;) {
        const Cursor::Found found = cursor->next();
        if (!found) {
            return fail(found.error());
        }
        if (!*found) {
            return states;
        }
        const TableEntry entry = **found;
        const std::optional<ByteView> body = without_sum(entry.key, entry.value);
        const std::optional<ZoneRecord> record = body ? decode_zone_record(*body) : std::nullopt;
        const Result<dns::NameView> name = dns::NameView::parse(entry.key);
        if (record && name) {
            states.push_back(
                {.zone = dns::Name{*name}, .version = record->version, .timers = record->timers});
        }
    }
}

}  // namespace

Result<ZoneStates> peek(const std::string& directory) {
    const std::string file = directory + "/data.mdb";
    std::error_code error;
    if (std::filesystem::file_size(file, error) == 0 ||
        error == std::errc::no_such_file_or_directory) {
        return ZoneStates{};
    }
    Result<std::shared_ptr<const LockFile>> lock = LockFile::share(directory);
    if (!lock) {
        return fail(std::move(lock).error());
    }
    if (Result<void> good = check_file(file, CheckDepth::quick); !good) {
        return fail(std::move(good).error());
    }
    const Result<EnvironmentPtr> env = Environment::open({.directory = directory,
                                                          .max_bytes = kDefaultMaxBytes,
                                                          .lock = std::move(*lock),
                                                          .read_only = true});
    if (!env) {
        // A holder that was killed before its first commit leaves a store without tables.
        return env.error().code() == Errc::not_found ? Result<ZoneStates>{ZoneStates{}}
                                                     : fail(env.error());
    }
    if (const Result<bool> filled = check_format(*env); !filled) {
        return fail(filled.error());
    }
    return read_zones(*env);
}

}  // namespace twinzone::store
