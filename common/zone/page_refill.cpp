#include "common/zone/page_refill.h"

#include <utility>

namespace twinzone::zone {

void PageRefill::continue_behind(ByteView key) {
    TWINZONE_ASSERT(fill_.empty() && !held_);
    numbers_.continue_behind(key);
}

Result<void> PageRefill::add(const dns::RecordView& record) {
    if (fill_.add(record)) {
        return {};
    }
    std::optional<Held> full = std::exchange(held_, take_fill());
    if (full) {
        if (Result<void> done = put(std::move(*full)); !done) {
            return done;
        }
    }
    const bool added = fill_.add(record);
    TWINZONE_ASSERT(added);
    return {};
}

Result<void> PageRefill::flush() {
    if (fill_.empty()) {
        return {};  // held_ is only ever there with records behind it
    }
    if (held_) {
        // A record larger than a page stays alone.
        if (held_->page.size() <= kPageBytes && fill_.size() < kPageBytes / 2) {
            return halve();
        }
        if (Result<void> done = put(*std::exchange(held_, std::nullopt)); !done) {
            return done;
        }
    }
    return put(take_fill());
}

Result<void> PageRefill::pass(ByteView owner_key, Bytes page) {
    TWINZONE_ASSERT(fill_.empty() && !held_);
    return put({Bytes{owner_key.begin(), owner_key.end()}, std::move(page)});
}

PageRefill::Held PageRefill::take_fill() {
    const ByteView key = fill_.owner_key();
    Held taken{Bytes{key.begin(), key.end()}, {}};
    taken.page = fill_.take();
    return taken;
}

Result<void> PageRefill::put(Held page) {
    Result<Bytes> key = numbers_.next(page.owner_key);
    if (!key) {
        return fail(std::move(key).error());
    }
    wire_bytes_ += page.page.size();
    changes_.insert_or_assign(std::move(*key), std::move(page.page));
    return {};
}

// Both pages once more, cut in the middle. Compression changes a little where names stand first, so
// that a page may fill up before its end; then there is one page more.
Result<void> PageRefill::halve() {
    const Held first = *std::exchange(held_, std::nullopt);
    const Held second = take_fill();
    std::size_t cut_at = (first.page.size() + second.page.size()) / 2;
    for (const Held* page : {&first, &second}) {
        if (Result<void> done = refill(page->page, cut_at); !done) {
            return done;
        }
    }
    return put(take_fill());
}

// Begins a new page once, when `cut_at` octets are reached, and whenever one is full.
Result<void> PageRefill::refill(ByteView page, std::size_t& cut_at) {
    PageReader reader{page};
    for (;;) {
        const Result<std::optional<dns::RecordView>> record = reader.next();
        if (!record) {
            return fail(record.error());
        }
        if (!*record) {
            return {};
        }
        const bool cut = !fill_.empty() && fill_.size() >= cut_at;
        if (!cut && fill_.add(**record)) {
            continue;
        }
        cut_at = kPageBytes;
        if (Result<void> done = put(take_fill()); !done) {
            return done;
        }
        const bool added = fill_.add(**record);
        TWINZONE_ASSERT(added);
    }
}

}  // namespace twinzone::zone
