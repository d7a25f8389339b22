#include "common/zone/page_edit.h"

#include <fmt/format.h>

#include "common/zone/diff_fit.h"
#include "common/zone/edit_cursor.h"
#include "common/zone/edit_split.h"
#include "common/zone/page_finder.h"
#include "common/zone/page_key.h"
#include "common/zone/page_refill.h"

namespace twinzone::zone {

namespace {

// One apply() on its way, or a part of it. Pages are read from `pages` as they were before; what
// changes is gathered apart, so that an error leaves everything as it was.
//
// Edits and pages are walked together in canonical order, run by run. A run begins at the page that
// an edit falls into and takes in page after page: those that are hit, those that are needed to
// fill up a page that became small, and those whose number changed because pages with the same
// first owner before them became more or fewer.
class Editor {
  public:
    // Carries out these edits of the difference, which all fall before the page `end` (empty: of no
    // page).
    Editor(const Diff& diff, const EditRange& range, const PageTable& pages, ByteView end = {})
        : diff_(diff),
          pages_(pages),
          end_(end.begin(), end.end()),
          edits_(diff, range),
          refill_(changes_) {}

    [[nodiscard]] Result<void> run();
    // Takes over what `behind` did, whose edits stand behind all of these.
    void join(Editor&& behind);
    [[nodiscard]] Applied commit(PageOverlay& pages, Version& version);

  private:
    using Entry = PageTable::Entry;

    // Where the walk stands: a copy of the page, and the first record of the next one.
    struct Current {
        Bytes key;
        Bytes page;
    };

    [[nodiscard]] Result<void> begin_run(const Entry& page);
    [[nodiscard]] Result<void> walk_run();
    [[nodiscard]] Result<void> enter(const Entry& page);
    [[nodiscard]] bool is_hit() const noexcept;
    [[nodiscard]] Result<void> rewrite();
    [[nodiscard]] Result<void> renumber();
    [[nodiscard]] Result<void> add_before(const dns::RecordView* bound);
    [[nodiscard]] Result<void> edit(const dns::RecordView& stored);
    [[nodiscard]] Result<void> put(const dns::RecordView& record);
    void drop(const dns::RecordView& stored);
    void consume();
    [[nodiscard]] std::optional<Diff> exact(const Version& version) const;

    const Diff& diff_;
    const PageTable& pages_;
    const Bytes end_;
    EditCursor edits_;
    PageChanges changes_;
    PageRefill refill_;

    Current current_;
    std::optional<Entry> following_;  // borrowed from pages_
    std::optional<PageReader> following_reader_;
    std::optional<dns::RecordView> bound_;  // first record of following_, borrowed from its reader

    Applied applied_;
    Digest digest_;  // of what was added and removed
    std::uint64_t consumed_bytes_ = 0;
    std::uint64_t joined_bytes_ = 0;  // put by who was joined
    RecordList not_added_;            // were there, the same in all
    RecordList really_removed_;  // as they stood here, where the diff has them otherwise or not
};

Result<void> Editor::run() {
    while (!edits_.done()) {
        const FoundPage page = find_page(pages_, edits_.record());
        if (!page) {
            return fail(page.error());
        }
        if (!*page) {  // no page at all
            if (Result<void> added = add_before(nullptr); !added) {
                return added;
            }
            return refill_.flush();
        }
        if (Result<void> begun = begin_run(**page); !begun) {
            return begun;
        }
        if (Result<void> walked = walk_run(); !walked) {
            return walked;
        }
    }
    return {};
}

Result<void> Editor::begin_run(const Entry& page) {
    if (!split_page_key(page.key)) {
        return fail(Errc::store_corrupt, "a key in the page table is no page key");
    }
    // A copy: the table is asked for more before the page is entered.
    const Bytes key{page.key.begin(), page.key.end()};
    const Bytes octets{page.page.begin(), page.page.end()};
    // Numbers go on from the page before. No run touched it: one ends only at a page that stays.
    const FoundPage before = pages_.last_at_or_before(just_before(key));
    if (!before) {
        return fail(before.error());
    }
    refill_.continue_behind(*before ? (*before)->key : ByteView{});
    if (Result<void> entered = enter({key, octets}); !entered) {
        return entered;
    }
    // Each run carries out an edit at least. Keys led to this page; its neighbour must agree.
    if (!is_hit()) {
        return fail(Errc::store_corrupt,
                    fmt::format("pages are out of order at {}", edits_.record().owner.to_text()));
    }
    return {};
}

Result<void> Editor::walk_run() {
    for (;;) {
        const bool fills_up = refill_.tiny();
        if (is_hit() || fills_up) {
            if (Result<void> rewritten = rewrite(); !rewritten) {
                return rewritten;
            }
        } else if (!refill_.keeps(current_.key)) {
            if (Result<void> renumbered = renumber(); !renumbered) {
                return renumbered;
            }
        } else {
            return {};
        }
        if (!following_) {
            return {};
        }
        if (Result<void> entered = enter(*following_); !entered) {
            return entered;
        }
    }
}

// Makes `page` the current one.
Result<void> Editor::enter(const Entry& page) {
    if (!split_page_key(page.key)) {
        return fail(Errc::store_corrupt, "a key in the page table is no page key");
    }
    current_ = {Bytes{page.key.begin(), page.key.end()}, Bytes{page.page.begin(), page.page.end()}};
    bound_.reset();
    FoundPage next = pages_.first_after(current_.key);
    if (!next) {
        return fail(std::move(next).error());
    }
    following_ = *next;
    if (following_ && !end_.empty() && compare_keys(following_->key, end_) >= 0) {
        following_.reset();
    }
    if (!following_) {
        return {};
    }
    following_reader_.emplace(following_->page);
    Result<std::optional<dns::RecordView>> first = following_reader_->next();
    if (!first) {
        return fail(std::move(first).error());
    }
    bound_ = *first;
    return {};
}

// True where the next edit falls into the current page.
bool Editor::is_hit() const noexcept {
    return !edits_.done() && (!bound_ || compare_canonical(edits_.record(), *bound_) < 0);
}

Result<void> Editor::rewrite() {
    PageReader reader{current_.page};
    const ByteView owner_key = split_page_key(current_.key)->owner;
    bool first = true;
    for (;;) {
        const Result<std::optional<dns::RecordView>> next = reader.next();
        if (!next) {
            return fail(next.error());
        }
        if (!*next) {
            break;
        }
        const dns::RecordView& stored = **next;
        if (first && compare_keys(sort_key(stored.owner), owner_key) != 0) {
            return fail(Errc::store_corrupt, fmt::format("a page that begins with {} has the key "
                                                         "of another owner",
                                                         stored.owner.to_text()));
        }
        first = false;
        Result<void> done = add_before(&stored);
        if (done) {
            done = edit(stored);
        }
        if (!done) {
            return done;
        }
    }
    if (Result<void> added = add_before(bound_ ? &*bound_ : nullptr); !added) {
        return added;
    }
    consume();
    // What became small goes on into the next page, unless that holds one record too large to
    // share.
    const bool goes_on = refill_.tiny() && following_ && following_->page.size() <= kPageBytes;
    return goes_on ? Result<void>{} : refill_.flush();
}

// The current page under the number it has now.
Result<void> Editor::renumber() {
    consume();
    return refill_.pass(split_page_key(current_.key)->owner, std::move(current_.page));
}

// The page is no longer under its old key, unless one that was put meanwhile took that over.
void Editor::consume() {
    changes_.try_emplace(current_.key, std::nullopt);
    consumed_bytes_ += current_.page.size();
}

// Carries out the edits before `bound` (nullptr: all), where no record is stored: only adding makes
// sense there.
Result<void> Editor::add_before(const dns::RecordView* bound) {
    while (!edits_.done() && (bound == nullptr || compare_canonical(edits_.record(), *bound) < 0)) {
        if (edits_.removes()) {
            return fail(Errc::transfer_diverged,
                        fmt::format("the difference from serial {} removes {}, which is not here",
                                    diff_.from.serial.value(), describe(edits_.record())));
        }
        if (Result<void> added = put(edits_.added()); !added) {
            return added;
        }
        edits_.step();
    }
    return {};
}

// A stored record stays unless the next edit is about it.
Result<void> Editor::edit(const dns::RecordView& stored) {
    if (edits_.done() || compare_canonical(edits_.record(), stored) != 0) {
        return refill_.add(stored);
    }
    Result<void> done;
    if (edits_.removes()) {
        if (!same_content(edits_.record(), stored)) {
            really_removed_.append(stored);
        }
        drop(stored);
        if (edits_.adds()) {
            done = put(edits_.added());
        }
    } else {
        ++applied_.already_there;
        if (same_content(edits_.added(), stored)) {
            not_added_.append(stored);
            done = refill_.add(stored);
        } else {
            really_removed_.append(stored);
            drop(stored);
            done = put(edits_.added());
        }
    }
    edits_.step();
    return done;
}

void Editor::drop(const dns::RecordView& stored) {
    digest_.remove(stored);
    ++applied_.removed;
}

Result<void> Editor::put(const dns::RecordView& record) {
    digest_.add(record);
    ++applied_.added;
    return refill_.add(record);
}

void append_all(const RecordList& from, RecordList& to) {
    for (std::size_t i = 0; i < from.size(); ++i) {
        to.append(from[i]);
    }
}

void Editor::join(Editor&& behind) {
    changes_.merge(behind.changes_);
    applied_.removed += behind.applied_.removed;
    applied_.added += behind.applied_.added;
    applied_.already_there += behind.applied_.already_there;
    digest_.add(behind.digest_);
    consumed_bytes_ += behind.consumed_bytes_;
    joined_bytes_ += behind.refill_.wire_bytes();
    append_all(behind.not_added_, not_added_);
    append_all(behind.really_removed_, really_removed_);
}

Applied Editor::commit(PageOverlay& pages, Version& version) {
    applied_.exact = exact(version);
    pages.merge(std::move(changes_));
    version.digest.remove(version.soa.record().view());
    version.digest.add(diff_.to.record().view());
    version.digest.add(digest_);
    version.soa = diff_.to;
    version.records = version.records - applied_.removed + applied_.added;
    version.wire_bytes =
        version.wire_bytes - consumed_bytes_ + refill_.wire_bytes() + joined_bytes_;
    return std::move(applied_);
}

// Appends `list` and `other` to `out` in order; of the same record in both, that of `other`.
void merge_lists(const RecordList& list, const RecordList& other, RecordList& out) {
    std::size_t at = 0;
    std::size_t at_other = 0;
    while (at < list.size() || at_other < other.size()) {
        const int order = at == list.size()          ? 1
                          : at_other == other.size() ? -1
                                                     : compare_canonical(list[at], other[at_other]);
        out.append(order < 0 ? list[at] : other[at_other]);
        at += order <= 0 ? 1 : 0;
        at_other += order >= 0 ? 1 : 0;
    }
}

std::optional<Diff> Editor::exact(const Version& version) const {
    const bool same_soa = same_content(diff_.from.record().view(), version.soa.record().view());
    if (same_soa && not_added_.empty() && really_removed_.empty()) {
        return std::nullopt;
    }
    Diff exact{version.soa, diff_.to, {}, {}};
    merge_lists(diff_.removed, really_removed_, exact.removed);
    std::size_t skipped = 0;
    for (std::size_t i = 0; i < diff_.added.size(); ++i) {
        const dns::RecordView record = diff_.added[i];
        if (skipped < not_added_.size() && compare_canonical(record, not_added_[skipped]) == 0) {
            ++skipped;
        } else {
            exact.added.append(record);
        }
    }
    return exact;
}

}  // namespace

Result<Applied> apply(const Diff& diff, PageOverlay& pages, Version& version) {
    if (Result<void> fits = check_fit(diff, version); !fits) {
        return fail(std::move(fits).error());
    }
    Editor editor{diff, EditRange::all(diff), pages};
    if (Result<void> done = editor.run(); !done) {
        return fail(std::move(done).error());
    }
    return editor.commit(pages, version);
}

struct ApplyInTwo::Parts {
    Editor front;
    Editor back;
    Result<void> front_done{};
    Result<void> back_done{};
};

ApplyInTwo::ApplyInTwo(std::unique_ptr<Parts> parts) noexcept : parts_(std::move(parts)) {}
ApplyInTwo::~ApplyInTwo() = default;

Result<std::unique_ptr<ApplyInTwo>> ApplyInTwo::begin(const Diff& diff, const PageOverlay& pages,
                                                      const PageTable& again,
                                                      const Version& version) {
    if (Result<void> fits = check_fit(diff, version); !fits) {
        return fail(std::move(fits).error());
    }
    if (!pages.changes().empty()) {
        return std::unique_ptr<ApplyInTwo>{};
    }
    const Result<std::optional<EditSplit>> split = split_edits(diff, pages);
    if (!split || !*split) {
        return split ? Result<std::unique_ptr<ApplyInTwo>>{std::unique_ptr<ApplyInTwo>{}}
                     : fail(split.error());
    }
    return std::unique_ptr<ApplyInTwo>{new ApplyInTwo{
        std::unique_ptr<Parts>{new Parts{.front = {diff, (*split)->front, pages, (*split)->page},
                                         .back = {diff, (*split)->back, again}}}}};
}

void ApplyInTwo::run_front() {
    parts_->front_done = parts_->front.run();
}

void ApplyInTwo::run_back() {
    parts_->back_done = parts_->back.run();
}

Result<Applied> ApplyInTwo::finish(PageOverlay& pages, Version& version) {
    for (Result<void>* done : {&parts_->front_done, &parts_->back_done}) {
        if (!*done) {
            return fail(std::move(*done).error());
        }
    }
    parts_->front.join(std::move(parts_->back));
    return parts_->front.commit(pages, version);
}

}  // namespace twinzone::zone
