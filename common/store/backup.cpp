#include "common/store/backup.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>

#include <unistd.h>

#include <fmt/format.h>

#include "common/base/file_replacement.h"
#include "common/store/environment.h"
#include "common/store/file_check.h"
#include "common/store/lock_file.h"
#include "common/store/open_store.h"
#include "common/store/peek.h"

namespace twinzone::store {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kCopyBytes = std::size_t{1} << 20;

std::string file_in(const std::string& folder) {
    return folder + "/data.mdb";
}

bool exists(const std::string& path) {
    std::error_code ignored;
    return fs::exists(path, ignored);
}

Result<BackupFacts> facts_of(const std::string& folder) {
    const Result<std::vector<zone::ZoneState>> zones = peek(folder);
    if (!zones) {
        return fail(zones.error());
    }
    std::error_code error;
    BackupFacts facts;
    facts.bytes = fs::file_size(file_in(folder), error);
    facts.zones = static_cast<std::uint64_t>(
        std::count_if(zones->begin(), zones->end(),
                      [](const zone::ZoneState& zone) { return zone.version.has_value(); }));
    return error ? Result<BackupFacts>{fail(Errc::file_unreadable,
                                            fmt::format("{}: {}", folder, error.message()))}
                 : Result<BackupFacts>{facts};
}

// Nobody would find the backup in a store, and a store would be lost to it.
Result<void> prepare_folder(const std::string& folder) {
    if (exists(folder + "/twinzone.lock")) {
        return fail(Errc::usage, fmt::format("{} is a store; give a folder of its own", folder));
    }
    std::error_code error;
    if (fs::create_directories(folder, error)) {
        fs::permissions(folder, fs::perms::owner_all, error);
    }
    return error ? Result<void>{fail(Errc::file_unreadable,
                                     fmt::format("{}: {}", folder, error.message()))}
                 : Result<void>{};
}

Result<void> copy_store(const std::string& directory, int descriptor) {
    // Where nobody holds it, nobody begins to before the copy is made.
    const Result<std::shared_ptr<const LockFile>> alone = LockFile::share(directory);
    if (!alone && alone.error().code() != Errc::store_locked) {
        return fail(alone.error());
    }
    return copy_environment(directory, !alone, descriptor);
}

Result<void> copy_all(const File& from, FileReplacement& to) {
    Bytes block(kCopyBytes);
    for (std::uint64_t at = 0;;) {
        const Result<std::size_t> count = from.read(at, block);
        if (!count) {
            return fail(count.error());
        }
        if (*count == 0) {
            return {};
        }
        if (Result<void> written = to.append(
                {reinterpret_cast<const char*>(block.data()), *count});  // octets as they are
            !written) {
            return written;
        }
        at += *count;
    }
}

// Whether something would be lost with the store that is in the directory. One that cannot be read
// might be mended by somebody.
Result<bool> has_zones(const std::string& directory) {
    const Result<std::vector<zone::ZoneState>> zones = peek(directory);
    if (!zones && zones.error().code() == Errc::store_locked) {
        return fail(zones.error());
    }
    return !zones || !zones->empty();
}

Result<std::string> set_aside(const std::string& directory) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    std::string aside = fmt::format("{}.replaced-{}", file_in(directory),
                                    std::chrono::duration_cast<std::chrono::seconds>(now).count());
    // Linked, not moved: at no moment is there no store.
    if (::link(file_in(directory).c_str(), aside.c_str()) != 0) {
        return fail(Errc::file_unreadable,
                    fmt::format("{}: {}", aside, std::generic_category().message(errno)));
    }
    return aside;
}

}  // namespace

Result<BackupFacts> back_up(const std::string& directory, const std::string& folder) {
    std::error_code ignored;
    if (fs::file_size(file_in(directory), ignored) == 0 || !exists(file_in(directory))) {
        return fail(Errc::not_found, fmt::format("{}: there is no store", directory));
    }
    if (Result<void> prepared = prepare_folder(folder); !prepared) {
        return fail(std::move(prepared).error());
    }
    Result<FileReplacement> file = FileReplacement::create_private(file_in(folder));
    if (!file) {
        return fail(std::move(file).error());
    }
    Result<void> done = copy_store(directory, file->descriptor());
    if (done) {
        done = check_file(file->temporary_path(), CheckDepth::whole);
    }
    if (done) {
        done = file->finish();
    }
    return done ? facts_of(folder) : Result<BackupFacts>{fail(std::move(done).error())};
}

Result<Backup> open_backup(const std::string& folder) {
    Result<File> file = File::open(file_in(folder));
    if (!file) {
        return fail(std::move(file).error());
    }
    if (Result<void> sound = check_file(file_in(folder), CheckDepth::whole); !sound) {
        return fail(std::move(sound).error());
    }
    const Result<BackupFacts> facts = facts_of(folder);
    return facts ? Result<Backup>{Backup{std::move(*file), *facts}}
                 : Result<Backup>{fail(facts.error())};
}

Result<std::string> put_in_place(const Backup& backup, const std::string& directory,
                                 bool may_replace) {
    if (Result<void> prepared = prepare_directory(directory); !prepared) {
        return fail(std::move(prepared).error());
    }
    const Result<bool> occupied = has_zones(directory);
    if (!occupied) {
        return fail(occupied.error());
    }
    if (*occupied && !may_replace) {
        return fail(Errc::usage,
                    fmt::format("{} has a store with zones; --replace sets it aside", directory));
    }
    const Result<std::shared_ptr<LockFile>> lock = LockFile::acquire(directory, "twinzone restore");
    if (!lock) {
        return fail(lock.error());
    }
    Result<FileReplacement> file = FileReplacement::create_private(file_in(directory));
    Result<void> done = file ? copy_all(backup.file, *file) : fail(file.error());
    if (done) {
        done = check_file(file->temporary_path(), CheckDepth::whole);
    }
    Result<std::string> aside{std::string{}};
    if (done && *occupied) {
        aside = set_aside(directory);
        done = aside ? Result<void>{} : fail(aside.error());
    }
    if (done) {
        ::unlink((directory + "/lock.mdb").c_str());
        done = file->finish();
    }
    (*lock)->mark_clean();
    return done ? aside : Result<std::string>{fail(std::move(done).error())};
}

}  // namespace twinzone::store
