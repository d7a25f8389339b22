#include "common/store/content.h"

#include <algorithm>

#include "common/store/keys.h"

namespace twinzone::store {

namespace {

constexpr std::size_t kIdBytes = 4;

Failure damaged_page() {
    return fail(Errc::store_corrupt, "a page of the zone does not match its sum");
}

}  // namespace

Result<void> ContentTable::open_cursor() const {
    if (!cursor_) {
        Result<Cursor> opened = Cursor::open(txn_, Table::pages);
        if (!opened) {
            return fail(std::move(opened).error());
        }
        cursor_.emplace(*std::move(opened));
    }
    return {};
}

Result<std::optional<zone::PageTable::Entry>> ContentTable::entry_of(
    const std::optional<TableEntry>& found) const {
    if (!found || !starts_with(found->key, id_prefix(content_))) {
        return std::optional<Entry>{};
    }
    const std::optional<ByteView> page = without_sum(found->key, found->value);
    if (!page) {
        return damaged_page();
    }
    return std::optional{Entry{found->key.subspan(kIdBytes), *page}};
}

Result<std::optional<zone::PageTable::Entry>> ContentTable::last_at_or_before(ByteView key) const {
    if (Result<void> opened = open_cursor(); !opened) {
        return fail(std::move(opened).error());
    }
    const Bytes wanted = content_key(content_, key);
    Cursor::Found found = cursor_->at_or_after(wanted);
    if (found && (!*found || !std::ranges::equal((*found)->key, wanted))) {
        found = *found ? cursor_->previous() : cursor_->last();
    }
    if (!found) {
        return fail(std::move(found).error());
    }
    return entry_of(*found);
}

Result<std::optional<zone::PageTable::Entry>> ContentTable::first_after(ByteView key) const {
    if (Result<void> opened = open_cursor(); !opened) {
        return fail(std::move(opened).error());
    }
    const Bytes wanted = content_key(content_, key);
    Cursor::Found found = cursor_->at_or_after(wanted);
    if (found && *found && std::ranges::equal((*found)->key, wanted)) {
        found = cursor_->next();
    }
    if (!found) {
        return fail(std::move(found).error());
    }
    return entry_of(*found);
}

Result<std::optional<ByteView>> ContentCursor::next() {
    Cursor::Found found = std::optional<TableEntry>{};
    if (cursor_) {
        found = cursor_->next();
    } else {
        Result<Cursor> opened = Cursor::open(txn_, Table::pages);
        if (!opened) {
            return fail(std::move(opened).error());
        }
        cursor_.emplace(*std::move(opened));
        found = cursor_->at_or_after(id_prefix(content_));
    }
    if (!found) {
        return fail(std::move(found).error());
    }
    if (!*found || !starts_with((*found)->key, id_prefix(content_))) {
        return std::optional<ByteView>{};
    }
    const std::optional<ByteView> page = without_sum((*found)->key, (*found)->value);
    if (!page) {
        return damaged_page();
    }
    return std::optional{*page};
}

}  // namespace twinzone::store
