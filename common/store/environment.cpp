#include "common/store/environment.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace twinzone::store {

namespace {

constexpr mode_t kFileMode = 0600;

// Deleting from a full map rewrites a few pages of each table before it frees any.
constexpr std::uint64_t kMinReserveBytes = std::uint64_t{1} << 20;
constexpr std::uint64_t kMaxReserveBytes = std::uint64_t{64} << 20;

// A value is a count and that many page numbers.
constexpr MDB_dbi kFreeList = 0;

std::uint64_t reserve_bytes(std::uint64_t max_bytes) {
    return std::clamp(max_bytes / 16, kMinReserveBytes, kMaxReserveBytes);
}

Errc code_of(int code) {
    switch (code) {
        case MDB_MAP_FULL: return Errc::store_full;
        case ENOSPC:
        case EDQUOT:
        case EFBIG: return Errc::disk_full;
        case EIO:
        case MDB_PANIC: return Errc::store_io;
        case MDB_PAGE_NOTFOUND:
        case MDB_CORRUPTED:
        case MDB_INVALID:
        case MDB_VERSION_MISMATCH:
        case MDB_INCOMPATIBLE: return Errc::store_corrupt;
        case MDB_TXN_FULL:
        case MDB_READERS_FULL:
        case ENOMEM: return Errc::limit;
        case EACCES:
        case EROFS:
        case EPERM:
        case ENOENT: return Errc::file_unreadable;
        default: return Errc::internal;
    }
}

MDB_val to_val(ByteView bytes) {
    // LMDB takes what it only reads as non-const.
    return {bytes.size(), const_cast<std::uint8_t*>(bytes.data())};
}

ByteView to_view(const MDB_val& value) {
    return {static_cast<const std::uint8_t*>(value.mv_data), value.mv_size};
}

}  // namespace

Failure lmdb_failure(int code, const char* doing) {
    return fail(code_of(code), fmt::format("{} while {}", mdb_strerror(code), doing));
}

Result<EnvironmentPtr> Environment::open(const Options& options) {
    Result<EnvironmentPtr> made = map(options);
    Options smaller = options;
    while (!made && made.error().code() == Errc::limit && smaller.max_bytes / 2 >= kLeastMapBytes) {
        smaller.max_bytes /= 2;
        made = map(smaller);
    }
    if (made) {
        if (Result<void> opened = (*made)->open_tables(options.read_only); !opened) {
            return fail(std::move(opened).error());
        }
    }
    return made;
}

// Without its tables. Errc::limit where the address space has no room for it.
Result<EnvironmentPtr> Environment::map(const Options& options) {
    MDB_env* env = nullptr;
    if (const int code = mdb_env_create(&env); code != 0) {
        return lmdb_failure(code, "creating the environment");
    }
    EnvironmentPtr made{new Environment{env, options}};
    mdb_env_set_maxdbs(env, kTables);
    mdb_env_set_maxreaders(env, kMaxReaders);
    if (const int code =
            mdb_env_set_mapsize(env, options.max_bytes + reserve_bytes(options.max_bytes));
        code != 0) {
        return lmdb_failure(code, "setting the size of the map");
    }
    const unsigned flags = MDB_NOTLS | (options.read_only ? MDB_RDONLY | MDB_NOLOCK : 0U);
    if (const int code = mdb_env_open(env, options.directory.c_str(), flags, kFileMode);
        code != 0) {
        // What Linux says where a map has no room, and what valgrind says.
        return lmdb_failure(code == EINVAL ? ENOMEM : code, "opening the store");
    }
    return made;
}

Result<void> copy_environment(const std::string& directory, bool is_held, int descriptor) {
    MDB_env* env = nullptr;
    int code = mdb_env_create(&env);
    if (code != 0) {
        return lmdb_failure(code, "creating the environment");
    }
    // The size of the map is that of the file where it is only read.
    code =
        mdb_env_open(env, directory.c_str(), MDB_RDONLY | (is_held ? 0U : MDB_NOLOCK), kFileMode);
    if (code == 0) {
        code = mdb_env_copyfd2(env, descriptor, 0);
    }
    mdb_env_close(env);
    return code == 0 ? Result<void>{} : Result<void>{lmdb_failure(code, "copying the store")};
}

Environment::~Environment() {
    mdb_env_close(env_);
}

int Environment::open_tables_in(MDB_txn* txn, unsigned flags, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        if (const int code = mdb_dbi_open(txn, kTableNames[i], flags, &tables_[i]); code != 0) {
            return code;
        }
    }
    return 0;
}

// Handles are made by a transaction that is committed. A read-only one will do where all tables are
// there already, so that a full disk keeps no store from opening.
Result<void> Environment::open_tables(bool read_only) {
    MDB_stat stat{};
    mdb_env_stat(env_, &stat);
    page_bytes_ = stat.ms_psize;
    int code = 0;
    for (const unsigned flags : {unsigned{MDB_RDONLY}, 0U}) {
        MDB_txn* txn = nullptr;
        code = mdb_txn_begin(env_, nullptr, flags, &txn);
        if (code != 0) {
            break;
        }
        code = open_tables_in(txn, flags == 0 ? MDB_CREATE : 0U, kTables);
        if (code == MDB_NOTFOUND && read_only) {
            // An older store is read as it is; who only reads asks for no holds.
            code = open_tables_in(txn, 0, kTablesBeforeHolds);
        }
        if (code == 0) {
            code = mdb_txn_commit(txn);
        } else {
            mdb_txn_abort(txn);
        }
        if (code != MDB_NOTFOUND) {
            break;
        }
        if (read_only) {
            return fail(Errc::not_found, "the store has no tables yet");
        }
    }
    if (code != 0) {
        return lmdb_failure(code, "opening the tables");
    }
    return {};
}

std::uint64_t Environment::used_bytes() const noexcept {
    MDB_envinfo envinfo{};
    mdb_env_info(env_, &envinfo);
    return (envinfo.me_last_pgno + 1) * page_bytes_;
}

std::uint64_t Environment::last_commit() const noexcept {
    MDB_envinfo envinfo{};
    mdb_env_info(env_, &envinfo);
    return envinfo.me_last_txnid;
}

std::uint32_t Environment::check_readers() noexcept {
    int dead = 0;
    mdb_reader_check(env_, &dead);
    return static_cast<std::uint32_t>(dead);
}

Transaction::~Transaction() {
    if (txn_ != nullptr) {
        mdb_txn_abort(txn_);
    }
}

Result<std::optional<ByteView>> Transaction::get(Table table, ByteView key) const {
    MDB_val wanted = to_val(key);
    MDB_val found{};
    const int code = mdb_get(txn_, env_->table(table), &wanted, &found);
    if (code == MDB_NOTFOUND) {
        return std::optional<ByteView>{};
    }
    if (code != 0) {
        return lmdb_failure(code, "reading");
    }
    return std::optional{to_view(found)};
}

std::uint64_t Transaction::count(Table table) const noexcept {
    MDB_stat stat{};
    return mdb_stat(txn_, env_->table(table), &stat) == 0 ? stat.ms_entries : 0;
}

std::uint64_t Transaction::table_bytes(Table table) const noexcept {
    MDB_stat stat{};
    if (mdb_stat(txn_, env_->table(table), &stat) != 0) {
        return 0;
    }
    return (stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages) * stat.ms_psize;
}

Result<std::uint64_t> ReadTransaction::free_bytes() const {
    MDB_cursor* cursor = nullptr;
    if (const int code = mdb_cursor_open(txn_, kFreeList, &cursor); code != 0) {
        return lmdb_failure(code, "counting free pages");
    }
    std::uint64_t pages = 0;
    MDB_val key{};
    MDB_val value{};
    int code = 0;
    while ((code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        std::size_t count = 0;
        std::memcpy(&count, value.mv_data, std::min(sizeof count, value.mv_size));
        pages += count;
    }
    mdb_cursor_close(cursor);
    if (code != MDB_NOTFOUND) {
        return lmdb_failure(code, "counting free pages");
    }
    return pages * env_->page_bytes();
}

Result<std::shared_ptr<const ReadTransaction>> ReadTransaction::begin(EnvironmentPtr env) {
    MDB_txn* txn = nullptr;
    if (const int code = mdb_txn_begin(env->get(), nullptr, MDB_RDONLY, &txn); code != 0) {
        return lmdb_failure(code, "beginning to read");
    }
    std::shared_ptr<const ReadTransaction> made{new ReadTransaction{std::move(env), txn}};
    for (std::size_t i = 0; i < kTables; ++i) {
        (void)made->count(static_cast<Table>(i));  // loads the table's root: see the class
    }
    return made;
}

ReadTransaction::ReadTransaction(EnvironmentPtr env, MDB_txn* txn) noexcept
    : Transaction(std::move(env), txn), commit_(mdb_txn_id(txn)) {
    ++env_->read_transactions;
}

ReadTransaction::~ReadTransaction() {
    --env_->read_transactions;
}

Result<WriteTransaction> WriteTransaction::begin(const EnvironmentPtr& env) {
    MDB_txn* txn = nullptr;
    if (const int code = mdb_txn_begin(env->get(), nullptr, 0, &txn); code != 0) {
        return lmdb_failure(code, "beginning to write");
    }
    return WriteTransaction{env, txn};
}

WriteTransaction::WriteTransaction(WriteTransaction&& other) noexcept
    : Transaction(std::move(other.env_), std::exchange(other.txn_, nullptr)) {}

Result<void> WriteTransaction::put(Table table, ByteView key, ByteView value) {
    Result<std::uint8_t*> room = reserve(table, key, value.size(), false);
    if (!room) {
        return fail(std::move(room).error());
    }
    if (!value.empty()) {
        std::memcpy(*room, value.data(), value.size());
    }
    return {};
}

Result<std::uint8_t*> WriteTransaction::reserve(Table table, ByteView key, std::size_t size,
                                                bool at_end) {
    MDB_val at = to_val(key);
    MDB_val room{size, nullptr};
    int code = MDB_KEYEXIST;
    if (at_end) {
        code = mdb_put(txn_, env_->table(table), &at, &room, MDB_RESERVE | MDB_APPEND);
    }
    if (code == MDB_KEYEXIST) {  // not above all others
        room = MDB_val{size, nullptr};
        code = mdb_put(txn_, env_->table(table), &at, &room, MDB_RESERVE);
    }
    if (code != 0) {
        return lmdb_failure(code, "writing");
    }
    return static_cast<std::uint8_t*>(room.mv_data);
}

Result<bool> WriteTransaction::erase(Table table, ByteView key) {
    MDB_val at = to_val(key);
    const int code = mdb_del(txn_, env_->table(table), &at, nullptr);
    if (code != 0 && code != MDB_NOTFOUND) {
        return lmdb_failure(code, "deleting");
    }
    return code == 0;
}

Result<void> WriteTransaction::commit() {
    if (const int code = mdb_txn_commit(std::exchange(txn_, nullptr)); code != 0) {
        return lmdb_failure(code, "committing");
    }
    return {};
}

Result<Cursor> Cursor::open(const Transaction& txn, Table table) {
    MDB_cursor* cursor = nullptr;
    const MDB_dbi dbi = txn.environment().table(table);
    if (const int code = mdb_cursor_open(txn.handle(), dbi, &cursor); code != 0) {
        return lmdb_failure(code, "opening a cursor");
    }
    return Cursor{cursor};
}

Cursor::~Cursor() {
    if (cursor_ != nullptr) {
        mdb_cursor_close(cursor_);
    }
}

Cursor::Found Cursor::get(ByteView key, MDB_cursor_op operation) {
    MDB_val at = to_val(key);
    MDB_val value{};
    const int code = mdb_cursor_get(cursor_, &at, &value, operation);
    if (code == MDB_NOTFOUND) {
        return std::optional<TableEntry>{};
    }
    if (code != 0) {
        return lmdb_failure(code, "walking a table");
    }
    return std::optional{TableEntry{to_view(at), to_view(value)}};
}

Cursor::Found Cursor::at_or_after(ByteView key) {
    return get(key, MDB_SET_RANGE);
}
Cursor::Found Cursor::next() {
    return get({}, MDB_NEXT);
}
Cursor::Found Cursor::previous() {
    return get({}, MDB_PREV);
}
Cursor::Found Cursor::last() {
    return get({}, MDB_LAST);
}

}  // namespace twinzone::store
