// LMDB as the store uses it: one environment, its six tables, transactions and cursors that close
// themselves, and error codes in our words. The only place that calls LMDB beside probe.cpp.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <lmdb.h>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/store/lock_file.h"

namespace twinzone::store {

enum class Table : std::uint8_t { meta, zones, pages, journal, owed, holds };
inline constexpr std::size_t kTables = 6;
inline constexpr std::size_t kTablesBeforeHolds = 5;  // of older stores
inline constexpr std::array<const char*, kTables> kTableNames{"meta",    "zones", "pages",
                                                              "journal", "owed",  "holds"};

// Slots for read transactions: far above the limits of transfers, which share them per commit.
inline constexpr unsigned kMaxReaders = 2048;

// No store is opened with less, unless less was asked for.
inline constexpr std::uint64_t kLeastMapBytes = std::uint64_t{1} << 28;

// What LMDB (or the system below it) refused, as our Error: store_full, disk_full, store_io,
// store_corrupt, file_unreadable, limit, internal. `doing` completes "… while <doing>".
[[nodiscard]] Failure lmdb_failure(int code, const char* doing);

// Owns the environment and the lock of its directory. Shared by the store and every transaction;
// closed by the last of them. Thread-safe.
class Environment {
  public:
    struct Options {
        std::string directory;
        std::uint64_t max_bytes = 0;
        std::shared_ptr<const LockFile> lock;
        bool read_only =
            false;  // not even the reader table is written; needs the lock all the more
    };

    // Opens or creates. Errc::not_found where it is to be read only and has no tables yet. Where
    // the address space has no room for max_bytes (ulimit -v, a container, valgrind), the map is
    // halved until it fits; Errc::limit where even kLeastMapBytes does not. Requires: no other
    // Environment on that directory is alive in this process.
    [[nodiscard]] static Result<std::shared_ptr<Environment>> open(const Options& options);

    ~Environment();
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

    [[nodiscard]] MDB_env* get() const noexcept { return env_; }
    [[nodiscard]] MDB_dbi table(Table table) const noexcept {
        return tables_[static_cast<std::size_t>(table)];
    }

    // What commits may fill. The map is larger by a reserve, so that deleting works where adding
    // does not fit any more.
    [[nodiscard]] std::uint64_t max_bytes() const noexcept { return max_bytes_; }
    [[nodiscard]] std::uint64_t page_bytes() const noexcept { return page_bytes_; }

    // Of the file as of the last commit; free pages within it count as used.
    [[nodiscard]] std::uint64_t used_bytes() const noexcept;

    // ID of the last commit.
    [[nodiscard]] std::uint64_t last_commit() const noexcept;

    // Frees reader slots of dead processes.
    [[nodiscard]] std::uint32_t check_readers() noexcept;

    mutable std::atomic<std::uint64_t> read_transactions{0};  // alive
    mutable std::atomic<std::uint64_t> snapshots{0};          // alive

  private:
    Environment(MDB_env* env, const Options& options) noexcept
        : env_(env), max_bytes_(options.max_bytes), lock_(options.lock) {}

    static Result<std::shared_ptr<Environment>> map(const Options& options);
    Result<void> open_tables(bool read_only);
    int open_tables_in(MDB_txn* txn, unsigned flags, std::size_t count);

    MDB_env* env_;
    std::uint64_t max_bytes_;
    std::uint64_t page_bytes_ = 4096;
    std::shared_ptr<const LockFile> lock_;
    std::array<MDB_dbi, kTables> tables_{};
};

// Writes the environment in `directory` as of one commit to an open file. `is_held`: by another
// process, which goes on with its work meanwhile, but gets no page back that is still to be
// written. Errc as of lmdb_failure(). Blocking.
[[nodiscard]] Result<void> copy_environment(const std::string& directory, bool is_held,
                                            int descriptor);

using EnvironmentPtr = std::shared_ptr<Environment>;

struct TableEntry {
    ByteView key;
    ByteView value;
};

// A transaction, read-only or the writer's. Views it gives are good until it ends, or (in a
// WriteTransaction) until the next change.
class Transaction {
  public:
    virtual ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    [[nodiscard]] Result<std::optional<ByteView>> get(Table table, ByteView key) const;

    // Entries of a table; 0 where that cannot be told.
    [[nodiscard]] std::uint64_t count(Table table) const noexcept;
    // Octets of the pages that a table fills.
    [[nodiscard]] std::uint64_t table_bytes(Table table) const noexcept;
    [[nodiscard]] const Environment& environment() const noexcept { return *env_; }
    [[nodiscard]] MDB_txn* handle() const noexcept { return txn_; }

  protected:
    Transaction(EnvironmentPtr env, MDB_txn* txn) noexcept : env_(std::move(env)), txn_(txn) {}

    EnvironmentPtr env_;
    MDB_txn* txn_;  // nullptr once it has ended
};

// Reads the store as it was when this began. May be used by several threads at once (all tables are
// touched when it begins: after that LMDB only reads), ended by any.
class ReadTransaction final : public Transaction {
  public:
    [[nodiscard]] static Result<std::shared_ptr<const ReadTransaction>> begin(EnvironmentPtr env);
    ~ReadTransaction() override;

    // Octets of free pages, those included that a reader still keeps.
    [[nodiscard]] Result<std::uint64_t> free_bytes() const;

    // The commit that it sees.
    [[nodiscard]] std::uint64_t commit() const noexcept { return commit_; }

  private:
    ReadTransaction(EnvironmentPtr env, MDB_txn* txn) noexcept;

    std::uint64_t commit_;
};

// One thread only. Undone unless commit() succeeds. After any error but Errc::not_found it can only
// be undone.
class WriteTransaction final : public Transaction {
  public:
    [[nodiscard]] static Result<WriteTransaction> begin(const EnvironmentPtr& env);
    WriteTransaction(WriteTransaction&& other) noexcept;

    [[nodiscard]] Result<void> put(Table table, ByteView key, ByteView value);

    // Room for `size` octets under `key`, to be filled at once. `at_end`: the key is likely above
    // all others of the table, which then fills its pages to the brim.
    [[nodiscard]] Result<std::uint8_t*> reserve(Table table, ByteView key, std::size_t size,
                                                bool at_end);

    // False where there was none.
    [[nodiscard]] Result<bool> erase(Table table, ByteView key);

    // Writes and syncs. Over either way.
    [[nodiscard]] Result<void> commit();

  private:
    WriteTransaction(EnvironmentPtr env, MDB_txn* txn) noexcept
        : Transaction(std::move(env), txn) {}
};

// Walks a table in byte order of keys. Must not outlive its transaction, which must not be changed
// while the cursor is used again.
class Cursor {
  public:
    [[nodiscard]] static Result<Cursor> open(const Transaction& txn, Table table);
    ~Cursor();
    Cursor(Cursor&& other) noexcept : cursor_(std::exchange(other.cursor_, nullptr)) {}
    Cursor& operator=(Cursor&& other) noexcept {
        std::swap(cursor_, other.cursor_);
        return *this;
    }

    using Found = Result<std::optional<TableEntry>>;
    [[nodiscard]] Found at_or_after(ByteView key);
    [[nodiscard]] Found next();
    [[nodiscard]] Found previous();
    [[nodiscard]] Found last();

  private:
    explicit Cursor(MDB_cursor* cursor) noexcept : cursor_(cursor) {}
    Found get(ByteView key, MDB_cursor_op operation);

    MDB_cursor* cursor_;
};

}  // namespace twinzone::store
