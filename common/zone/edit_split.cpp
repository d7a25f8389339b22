#include "common/zone/edit_split.h"

#include "common/zone/page.h"
#include "common/zone/page_finder.h"
#include "common/zone/page_key.h"

namespace twinzone::zone {

namespace {

// Pages that are tried, of edits one such part of all behind the one before.
constexpr std::size_t kTries = 8;
constexpr std::size_t kStep = 64;

Result<Bytes> last_owner_key(ByteView page) {
    PageReader reader{page};
    Bytes owner_key;
    for (;;) {
        const Result<std::optional<dns::RecordView>> record = reader.next();
        if (!record) {
            return fail(record.error());
        }
        if (!*record) {
            return owner_key;
        }
        owner_key = sort_key((*record)->owner);
    }
}

// Index of the first record that does not stand before `bound`.
std::size_t lower_bound(const RecordList& list, const dns::RecordView& bound) noexcept {
    std::size_t low = 0;
    std::size_t high = list.size();
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        if (compare_canonical(list[middle], bound) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool ends_with_owner(const RecordList& list, std::size_t end, dns::NameView owner) noexcept {
    return end > 0 && list[end - 1].owner == owner;
}

// The edits cut where `page` begins, if it can be that one.
Result<std::optional<EditSplit>> split_at(const Diff& diff, const PageTable& pages, Bytes page,
                                          const dns::RecordView& first) {
    const std::optional<PageKeyParts> parts = split_page_key(page);
    if (!parts || parts->number != 0) {
        return std::optional<EditSplit>{};
    }
    const FoundPage before = pages.last_at_or_before(just_before(page));
    if (!before || !*before) {
        return before ? Result<std::optional<EditSplit>>{std::optional<EditSplit>{}}
                      : fail(before.error());
    }
    const Result<Bytes> owner_before = last_owner_key((*before)->page);
    if (!owner_before) {
        return fail(owner_before.error());
    }
    const std::size_t removed = lower_bound(diff.removed, first);
    const std::size_t added = lower_bound(diff.added, first);
    EditSplit split{
        .front = {.removed_end = removed, .added_end = added},
        .back = {removed, diff.removed.size(), added, diff.added.size()},
        .page = {},
    };
    if (compare_keys(*owner_before, parts->owner) == 0 || split.front.empty() ||
        split.back.empty() || ends_with_owner(diff.removed, removed, first.owner) ||
        ends_with_owner(diff.added, added, first.owner)) {
        return std::optional<EditSplit>{};
    }
    split.page = std::move(page);
    return std::optional{std::move(split)};
}

}  // namespace

Result<std::optional<EditSplit>> split_edits(const Diff& diff, const PageTable& pages) {
    const RecordList& longer = diff.removed.size() > diff.added.size() ? diff.removed : diff.added;
    std::optional<EditSplit> split;
    for (std::size_t i = 0; i < kTries && !split; ++i) {
        const std::size_t at = longer.size() / 2 + i * longer.size() / kStep;
        if (at >= longer.size()) {
            break;
        }
        const FoundPage page = find_page(pages, longer[at]);
        if (!page || !*page) {
            return page ? Result<std::optional<EditSplit>>{std::nullopt} : fail(page.error());
        }
        Bytes key{(*page)->key.begin(), (*page)->key.end()};
        // A copy: the table is asked for more.
        const Bytes octets{(*page)->page.begin(), (*page)->page.end()};
        PageReader reader{octets};
        const Result<std::optional<dns::RecordView>> first = reader.next();
        if (!first || !*first) {
            return first ? Result<std::optional<EditSplit>>{std::nullopt} : fail(first.error());
        }
        Result<std::optional<EditSplit>> found = split_at(diff, pages, std::move(key), **first);
        if (!found) {
            return found;
        }
        split = *std::move(found);
    }
    return split;
}

}  // namespace twinzone::zone
