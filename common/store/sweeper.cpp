#include "common/store/sweeper.h"

namespace twinzone::store {

Result<std::size_t> erase_prefix(WriteTransaction& txn, Table table, ByteView prefix,
                                 std::size_t most) {
    for (std::size_t count = 0; count < most; ++count) {
        Bytes key;
        {
            // A cursor of its own for each: it must be closed before the table changes.
            Result<Cursor> cursor = Cursor::open(txn, table);
            if (!cursor) {
                return fail(std::move(cursor).error());
            }
            const Cursor::Found found = cursor->at_or_after(prefix);
            if (!found) {
                return fail(found.error());
            }
            if (!*found || !starts_with((*found)->key, prefix)) {
                return count;
            }
            key.assign((*found)->key.begin(), (*found)->key.end());
        }
        const Result<bool> erased = txn.erase(table, key);
        if (!erased) {
            return fail(erased.error());
        }
    }
    return most;
}

Result<std::size_t> Sweeper::sweep(Batch& batch, std::size_t entries) const {
    std::size_t finished = 0;
    std::size_t left = entries;
    for (const SweepItem item : items_) {
        const Table table = item.kind == SweepItem::Kind::content ? Table::pages : Table::journal;
        const Result<std::size_t> erased =
            erase_prefix(batch.txn(), table, id_prefix(item.id), left);
        if (!erased) {
            return fail(erased.error());
        }
        left -= *erased;
        if (left == 0) {
            break;
        }
        if (Result<void> ended = batch.end_sweep(item); !ended) {
            return fail(std::move(ended).error());
        }
        --left;  // the entry itself counts: items may be many and empty
        ++finished;
        if (left == 0) {
            break;
        }
    }
    return finished;
}

void Sweeper::finished(std::size_t items) {
    items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(items));
}

}  // namespace twinzone::store
