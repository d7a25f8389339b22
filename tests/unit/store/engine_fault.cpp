#include "tests/unit/store/engine_fault.h"

#include <atomic>
#include <limits>

#include <dlfcn.h>
#include <lmdb.h>

namespace {

constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

std::atomic<std::uint64_t> calls{0};
std::atomic<std::uint64_t> first_failing{kNever};
std::atomic<std::uint64_t> last_failing{kNever};
std::atomic<int> failure{0};
std::atomic<bool> failed{false};

// What this call is to fail with; 0: it goes through.
int fault() {
    if (first_failing == kNever) {
        return 0;
    }
    const std::uint64_t number = calls++;
    if (number < first_failing || number > last_failing) {
        return 0;
    }
    failed = true;
    return failure;
}

// The library's own.
template <class Function>
Function* original(const char* symbol) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, symbol));
}

}  // namespace

// These stand before the ones of the library.
extern "C" int mdb_env_open(MDB_env* env, const char* path, unsigned int flags, mdb_mode_t mode) {
    static auto* const call = original<decltype(mdb_env_open)>("mdb_env_open");
    const int code = fault();
    return code != 0 ? code : call(env, path, flags, mode);
}

extern "C" int mdb_dbi_open(MDB_txn* txn, const char* name, unsigned int flags, MDB_dbi* dbi) {
    static auto* const call = original<decltype(mdb_dbi_open)>("mdb_dbi_open");
    const int code = fault();
    return code != 0 ? code : call(txn, name, flags, dbi);
}

extern "C" int mdb_txn_begin(MDB_env* env, MDB_txn* parent, unsigned int flags, MDB_txn** txn) {
    static auto* const call = original<decltype(mdb_txn_begin)>("mdb_txn_begin");
    const int code = fault();
    return code != 0 ? code : call(env, parent, flags, txn);
}

extern "C" int mdb_txn_commit(MDB_txn* txn) {
    static auto* const call = original<decltype(mdb_txn_commit)>("mdb_txn_commit");
    const int code = fault();
    if (code != 0) {
        mdb_txn_abort(txn);
    }
    return code != 0 ? code : call(txn);
}

extern "C" int mdb_get(MDB_txn* txn, MDB_dbi dbi, MDB_val* key, MDB_val* value) {
    static auto* const call = original<decltype(mdb_get)>("mdb_get");
    const int code = fault();
    return code != 0 ? code : call(txn, dbi, key, value);
}

extern "C" int mdb_put(MDB_txn* txn, MDB_dbi dbi, MDB_val* key, MDB_val* value,
                       unsigned int flags) {
    static auto* const call = original<decltype(mdb_put)>("mdb_put");
    const int code = fault();
    return code != 0 ? code : call(txn, dbi, key, value, flags);
}

extern "C" int mdb_del(MDB_txn* txn, MDB_dbi dbi, MDB_val* key, MDB_val* value) {
    static auto* const call = original<decltype(mdb_del)>("mdb_del");
    const int code = fault();
    return code != 0 ? code : call(txn, dbi, key, value);
}

extern "C" int mdb_cursor_open(MDB_txn* txn, MDB_dbi dbi, MDB_cursor** cursor) {
    static auto* const call = original<decltype(mdb_cursor_open)>("mdb_cursor_open");
    const int code = fault();
    return code != 0 ? code : call(txn, dbi, cursor);
}

extern "C" int mdb_cursor_get(MDB_cursor* cursor, MDB_val* key, MDB_val* value,
                              MDB_cursor_op operation) {
    static auto* const call = original<decltype(mdb_cursor_get)>("mdb_cursor_get");
    const int code = fault();
    return code != 0 ? code : call(cursor, key, value, operation);
}

namespace twinzone::store::test {

FailingEngine::FailingEngine(std::uint64_t first, int code, Calls which) {
    calls = 0;
    failed = false;
    failure = code;
    last_failing = which == Calls::that_one ? first : kNever;
    first_failing = first;
}

FailingEngine::~FailingEngine() {
    first_failing = kNever;
}

bool FailingEngine::met() noexcept {
    return failed;
}

}  // namespace twinzone::store::test
