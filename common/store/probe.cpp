#include "common/store/probe.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <lmdb.h>

#include "common/store/environment.h"
#include "common/store/keys.h"

namespace twinzone::store {

namespace {

// What the child's exit status means.
enum Verdict : int { verdict_good = 0, verdict_damaged = 3, verdict_wrong_sums = 4 };

// Where LMDB 0.9 (file format 1) keeps what is checked here, in each of its two meta pages, in the
// machine's own byte order: behind 16 octets of page header.
constexpr std::size_t kPageSizeAt = 16 + 24;
constexpr std::size_t kLastPageAt = 16 + 120;
constexpr std::size_t kTransactionAt = 16 + 128;
constexpr std::size_t kMetaBytes = 16 + 136;

// A file that lacks more at its end than one transaction can leave free there was cut.
constexpr std::uint64_t kMaxMissingBytes = std::uint64_t{64} << 20;

class File {
  public:
    explicit File(const std::string& path)
        : descriptor_(::open(path.c_str(), O_RDWR | O_CLOEXEC)) {}
    ~File() {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
        }
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
    [[nodiscard]] std::uint64_t size() const noexcept {
        struct stat status {};
        return descriptor_ >= 0 && fstat(descriptor_, &status) == 0
                   ? static_cast<std::uint64_t>(status.st_size)
                   : 0;
    }

  private:
    int descriptor_;
};

template <class T>
T load(const std::array<std::uint8_t, kMetaBytes>& page, std::size_t at) {
    T value{};
    std::memcpy(&value, page.data() + at, sizeof value);
    return value;
}

// Octets that the file must have by its newer meta page; nullopt where a meta page cannot be read.
std::optional<std::uint64_t> octets_wanted(const File& file) {
    std::uint64_t wanted = 0;
    std::uint64_t newest = 0;
    std::uint64_t at = 0;
    for (int i = 0; i < 2; ++i) {
        std::array<std::uint8_t, kMetaBytes> page{};
        if (pread(file.descriptor(), page.data(), page.size(), static_cast<off_t>(at)) !=
            static_cast<ssize_t>(page.size())) {
            return std::nullopt;
        }
        const auto page_bytes = load<std::uint32_t>(page, kPageSizeAt);
        const auto last_page = load<std::uint64_t>(page, kLastPageAt);
        const auto transaction = load<std::uint64_t>(page, kTransactionAt);
        if (page_bytes < 256 || page_bytes > 65536 || last_page > UINT64_MAX / 65536 - 1) {
            return std::nullopt;
        }
        if (i == 0 || transaction > newest) {
            newest = transaction;
            wanted = (last_page + 1) * page_bytes;
        }
        at = page_bytes;
    }
    return wanted;
}

// Reads a table through; false where LMDB finds it broken.
bool walk(MDB_txn* txn, MDB_dbi dbi, bool sums, bool& sums_right) {
    MDB_cursor* cursor = nullptr;
    if (mdb_cursor_open(txn, dbi, &cursor) != 0) {
        return false;
    }
    MDB_val key{};
    MDB_val value{};
    int code = 0;
    while ((code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        const ByteView key_view{static_cast<const std::uint8_t*>(key.mv_data), key.mv_size};
        const ByteView value_view{static_cast<const std::uint8_t*>(value.mv_data), value.mv_size};
        if (sums && !value_view.empty() && !without_sum(key_view, value_view)) {
            sums_right = false;
        }
    }
    mdb_cursor_close(cursor);
    return code == MDB_NOTFOUND;
}

bool touch_ends(MDB_txn* txn, MDB_dbi dbi) {
    MDB_cursor* cursor = nullptr;
    if (mdb_cursor_open(txn, dbi, &cursor) != 0) {
        return false;
    }
    MDB_val key{};
    MDB_val value{};
    bool good = true;
    for (const MDB_cursor_op end : {MDB_FIRST, MDB_LAST}) {
        const int code = mdb_cursor_get(cursor, &key, &value, end);
        good = good && (code == 0 || code == MDB_NOTFOUND);
    }
    mdb_cursor_close(cursor);
    return good;
}

Verdict walk_tables(MDB_txn* txn, ProbeDepth depth) {
    constexpr MDB_dbi kFreeList = 0;
    bool sums_right = true;
    if (!walk(txn, kFreeList, false, sums_right)) {
        return verdict_damaged;
    }
    for (std::size_t i = 0; i < kTables; ++i) {
        MDB_dbi dbi = 0;
        const int code = mdb_dbi_open(txn, kTableNames[i], 0, &dbi);
        if (code == MDB_NOTFOUND) {
            continue;  // fresh
        }
        const bool all = depth == ProbeDepth::whole || static_cast<Table>(i) == Table::zones;
        if (code != 0 || !(all ? walk(txn, dbi, true, sums_right) : touch_ends(txn, dbi))) {
            return verdict_damaged;
        }
    }
    return sums_right ? verdict_good : verdict_wrong_sums;
}

// In the child. What cannot be opened is left to the parent, which gets the same error with words.
Verdict look(const std::string& directory, ProbeDepth depth) {
    MDB_env* env = nullptr;
    MDB_txn* txn = nullptr;
    if (mdb_env_create(&env) != 0 || mdb_env_set_maxdbs(env, kTables) != 0 ||
        mdb_env_open(env, directory.c_str(), MDB_RDONLY | MDB_NOLOCK | MDB_NOTLS, 0) != 0) {
        return verdict_good;
    }
    if (mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn) != 0) {
        return verdict_damaged;
    }
    return walk_tables(txn, depth);  // closing is left to the end of the process
}

// How the child ended, as waitpid() says.
Result<int> look_in_child(const std::string& directory, ProbeDepth depth) {
    const pid_t child = fork();
    if (child < 0) {
        return fail(Errc::limit, fmt::format("fork: {}", std::strerror(errno)));
    }
    if (child == 0) {
        const rlimit no_core{0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(nowhere, STDERR_FILENO);  // LMDB's assertions print
        _exit(look(directory, depth));
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

}  // namespace

Result<void> probe(const std::string& directory, ProbeDepth depth) {
    const File file{directory + "/data.mdb"};
    const std::uint64_t size = file.size();
    if (size == 0) {
        return {};
    }
    const std::optional<std::uint64_t> wanted = octets_wanted(file);
    if (!wanted || *wanted > size + kMaxMissingBytes) {
        return fail(Errc::store_corrupt, "the file is cut short or is no store");
    }
    const bool is_short = *wanted > size;
    if (is_short && ftruncate(file.descriptor(), static_cast<off_t>(*wanted)) != 0) {
        return fail(Errc::disk_full, fmt::format("data.mdb: {}", std::strerror(errno)));
    }
    const Result<int> status = look_in_child(directory, is_short ? ProbeDepth::whole : depth);
    if (!status) {
        return fail(status.error());
    }
    if (WIFSIGNALED(*status)) {
        return fail(Errc::store_corrupt,
                    fmt::format("reading it ends in signal {}", WTERMSIG(*status)));
    }
    const int verdict = WEXITSTATUS(*status);
    if (verdict == verdict_wrong_sums && is_short) {
        return fail(Errc::store_corrupt, "the file is cut short");
    }
    if (verdict != verdict_good && verdict != verdict_wrong_sums) {
        return fail(Errc::store_corrupt, "its tables cannot be walked");
    }
    return {};
}

}  // namespace twinzone::store
