#include "common/zone/page_overlay.h"

#include <fmt/format.h>

#include "common/zone/page_key.h"

namespace twinzone::zone {

namespace {

PageTable::Entry entry_of(PageChanges::const_iterator change) {
    return {change->first, *change->second};
}

}  // namespace

// The nearest page below that was not changed, against the nearest that was put.
Result<std::optional<PageTable::Entry>> PageOverlay::last_at_or_before(ByteView key) const {
    auto change = changes_.upper_bound(key);
    bool put = false;
    while (!put && change != changes_.begin()) {
        --change;
        put = change->second.has_value();
    }
    Result<std::optional<Entry>> below = below_.last_at_or_before(key);
    while (below && *below && changes_.contains((*below)->key)) {
        const ByteView at = (*below)->key;
        if (put && compare_keys(at, change->first) <= 0) {
            return std::optional{entry_of(change)};
        }
        if (!split_page_key(at)) {
            return fail(Errc::store_corrupt, "a key in the page table is no page key");
        }
        below = below_.last_at_or_before(just_before(at));
    }
    if (!below || !put) {
        return below;
    }
    const bool nearer = *below && compare_keys((*below)->key, change->first) > 0;
    return nearer ? below : std::optional{entry_of(change)};
}

Result<std::optional<PageTable::Entry>> PageOverlay::first_after(ByteView key) const {
    auto change = changes_.upper_bound(key);
    while (change != changes_.end() && !change->second) {
        ++change;
    }
    const bool put = change != changes_.end();
    Result<std::optional<Entry>> below = below_.first_after(key);
    while (below && *below && changes_.contains((*below)->key)) {
        const ByteView at = (*below)->key;
        if (put && compare_keys(at, change->first) >= 0) {
            return std::optional{entry_of(change)};
        }
        below = below_.first_after(Bytes{at.begin(), at.end()});
    }
    if (!below || !put) {
        return below;
    }
    const bool nearer = *below && compare_keys((*below)->key, change->first) < 0;
    return nearer ? below : std::optional{entry_of(change)};
}

void PageOverlay::merge(PageChanges changes) {
    changes.merge(changes_);  // what is there already only where no later change is
    changes_ = std::move(changes);
}

}  // namespace twinzone::zone
