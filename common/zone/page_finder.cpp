#include "common/zone/page_finder.h"

#include "common/zone/page.h"
#include "common/zone/page_key.h"
#include "common/zone/record_list.h"

namespace twinzone::zone {

namespace {

// The first record of a page against `record`.
Result<int> compare_first(ByteView page, const dns::RecordView& record) {
    PageReader reader{page};
    const Result<std::optional<dns::RecordView>> first = reader.next();
    if (!first) {
        return fail(first.error());
    }
    return compare_canonical(**first, record);
}

// The page with this key or the last before it; the first of all where there is none.
FoundPage page_or_first(const PageTable& pages, ByteView key) {
    FoundPage page = pages.last_at_or_before(key);
    return page && !*page ? pages.first_after({}) : std::move(page);
}

// Pages 0 to last.number begin with the record's owner: by bisection.
FoundPage page_among_same_owner(const PageTable& pages, const PageKeyParts& last,
                                const dns::RecordView& record) {
    std::uint32_t low = 0;  // pages with lower numbers begin at or before the record
    std::uint32_t high = std::uint32_t{last.number} + 1;  // from this number on, behind it
    while (low < high) {
        const std::uint32_t middle = (low + high) / 2;
        FoundPage page =
            page_or_first(pages, page_key(last.owner, static_cast<std::uint16_t>(middle)));
        if (!page) {
            return page;
        }
        const Result<int> order = compare_first((*page)->page, record);
        if (!order) {
            return fail(order.error());
        }
        if (*order <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) {
        return page_or_first(pages, just_before(page_key(last.owner, 0)));
    }
    return page_or_first(pages, page_key(last.owner, static_cast<std::uint16_t>(low - 1)));
}

}  // namespace

FoundPage find_page(const PageTable& pages, const dns::RecordView& record) {
    const Bytes owner_key = sort_key(record.owner);
    FoundPage page = page_or_first(pages, page_key(owner_key, kMaxPageNumber));
    if (!page || !*page) {
        return page;
    }
    const std::optional<PageKeyParts> parts = split_page_key((*page)->key);
    if (!parts) {
        return fail(Errc::store_corrupt, "a key in the page table is no page key");
    }
    if (compare_keys(parts->owner, owner_key) != 0) {
        return page;
    }
    return page_among_same_owner(pages, {owner_key, parts->number}, record);
}

}  // namespace twinzone::zone
