#include "common/store/record_sorter.h"

#include <algorithm>
#include <utility>

#include "common/store/sorted_run.h"

namespace twinzone::store {

namespace {

std::uint64_t octets_of(const std::vector<std::unique_ptr<SortedRun>>& runs) noexcept {
    std::uint64_t octets = 0;
    for (const std::unique_ptr<SortedRun>& run : runs) {
        octets += run->octets();
    }
    return octets;
}

}  // namespace

// Merges runs. The heap has the runs in order of the record each stands at; the run that gave the
// last record is out of it, and goes on without touching it while its records stand first: input
// that came sorted costs one comparison a record. Of equal records that of the later run holds.
class RecordSorter::MergedStream final : public SortedStream {
  public:
    MergedStream(std::vector<std::unique_ptr<SortedRun>> runs, std::uint64_t dropped) noexcept
        : runs_(std::move(runs)), dropped_in_runs_(dropped) {}

    Result<std::optional<dns::RecordView>> next() override;
    Result<void> rewind() override;
    [[nodiscard]] std::uint64_t octets() const noexcept override { return octets_of(runs_); }
    [[nodiscard]] std::uint64_t dropped() const noexcept override {
        return dropped_in_runs_ + dropped_;
    }

  private:
    [[nodiscard]] int compare(std::size_t a, std::size_t b) const noexcept {
        return zone::compare_canonical(runs_[a]->record(), runs_[b]->record());
    }
    // Whether `a` comes out after `b`.
    [[nodiscard]] bool after(std::size_t a, std::size_t b) const noexcept {
        const int order = compare(a, b);
        return order != 0 ? order > 0 : a < b;
    }
    [[nodiscard]] auto order() const noexcept {
        return [this](std::size_t a, std::size_t b) { return after(a, b); };
    }
    Result<bool> advance_current();
    Result<void> drop_equals();

    std::vector<std::unique_ptr<SortedRun>> runs_;
    std::vector<std::size_t> heap_;
    std::optional<std::size_t> current_;  // the run whose record was given last
    std::uint64_t dropped_in_runs_;
    std::uint64_t dropped_ = 0;
};

Result<void> RecordSorter::MergedStream::rewind() {
    heap_.clear();
    current_.reset();
    dropped_ = 0;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
        Result<bool> started = runs_[i]->rewind();
        if (!started) {
            return fail(std::move(started).error());
        }
        if (*started) {
            heap_.push_back(i);
        }
    }
    std::make_heap(heap_.begin(), heap_.end(), order());
    return {};
}

// Moves the current run on; it stays current where its next record comes first of all. False where
// no other run has the record that comes first.
Result<bool> RecordSorter::MergedStream::advance_current() {
    if (current_) {
        const Result<bool> more = runs_[*current_]->advance();
        if (!more) {
            return fail(more.error());
        }
        if (*more) {
            const int first = heap_.empty() ? 1 : compare(heap_.front(), *current_);
            if (first > 0 || (first == 0 && heap_.front() < *current_)) {
                return first == 0;
            }
            heap_.push_back(*current_);
            std::push_heap(heap_.begin(), heap_.end(), order());
        }
        current_.reset();
    }
    if (!heap_.empty()) {
        std::pop_heap(heap_.begin(), heap_.end(), order());
        current_ = heap_.back();
        heap_.pop_back();
    }
    return true;
}

// Earlier runs' records that are the same as the current one.
Result<void> RecordSorter::MergedStream::drop_equals() {
    while (!heap_.empty() && zone::compare_canonical(runs_[heap_.front()]->record(),
                                                     runs_[*current_]->record()) == 0) {
        std::pop_heap(heap_.begin(), heap_.end(), order());
        const Result<bool> more = runs_[heap_.back()]->advance();
        if (!more) {
            return fail(more.error());
        }
        ++dropped_;
        if (*more) {
            std::push_heap(heap_.begin(), heap_.end(), order());
        } else {
            heap_.pop_back();
        }
    }
    return {};
}

Result<std::optional<dns::RecordView>> RecordSorter::MergedStream::next() {
    const Result<bool> advanced = advance_current();
    if (!advanced) {
        return fail(advanced.error());
    }
    if (*advanced && current_) {
        if (Result<void> dropped = drop_equals(); !dropped) {
            return fail(std::move(dropped).error());
        }
    }
    if (!current_) {
        return std::optional<dns::RecordView>{};
    }
    return std::optional{runs_[*current_]->record()};
}

RecordSorter::RecordSorter(std::string directory, std::size_t memory_bytes)
    : directory_(std::move(directory)), memory_bytes_(memory_bytes) {}
RecordSorter::~RecordSorter() = default;
RecordSorter::RecordSorter(RecordSorter&&) noexcept = default;
RecordSorter& RecordSorter::operator=(RecordSorter&&) noexcept = default;

Result<void> RecordSorter::add(const dns::RecordView& record) {
    in_order_ = in_order_ && (current_.empty() ||
                              zone::compare_canonical(current_[current_.size() - 1], record) < 0);
    current_.append(record);
    ++added_;
    return current_.memory_bytes() >= memory_bytes_ ? spill() : Result<void>{};
}

Result<void> RecordSorter::spill() {
    if (!in_order_) {
        dropped_ += current_.sort_unique();
    }
    const bool goes_on = growing_ != nullptr && zone::compare_canonical(last_[0], current_[0]) < 0;
    if (!goes_on) {
        if (Result<void> begun = begin_run(); !begun) {
            return begun;
        }
    }
    Result<void> written =
        in_order_ ? growing_->append(current_.octets()) : growing_->append_sorted(current_);
    last_.clear();
    last_.append(current_[current_.size() - 1]);
    current_.clear();
    in_order_ = true;
    return written;
}

Result<void> RecordSorter::begin_run() {
    Result<std::unique_ptr<SortedRun>> run = SortedRun::make(directory_);
    if (!run) {
        return fail(std::move(run).error());
    }
    growing_ = run->get();
    runs_.push_back(*std::move(run));
    return {};
}

void RecordSorter::sort() {
    if (current_.empty()) {
        return;
    }
    if (!std::exchange(in_order_, true)) {
        dropped_ += current_.sort_unique();
    }
    runs_.push_back(std::make_unique<SortedRun>(std::exchange(current_, {})));
    growing_ = nullptr;
}

void RecordSorter::append(RecordSorter&& later) {
    sort();
    later.sort();
    runs_.insert(runs_.end(), std::make_move_iterator(later.runs_.begin()),
                 std::make_move_iterator(later.runs_.end()));
    later.runs_.clear();
    later.growing_ = nullptr;
    added_ += std::exchange(later.added_, 0);
    dropped_ += std::exchange(later.dropped_, 0);
}

std::uint64_t RecordSorter::octets() const noexcept {
    return octets_of(runs_) + current_.octets().size();
}

Result<std::unique_ptr<SortedStream>> RecordSorter::finish() {
    added_ = 0;
    sort();
    growing_ = nullptr;
    auto merged =
        std::make_unique<MergedStream>(std::exchange(runs_, {}), std::exchange(dropped_, 0));
    if (Result<void> started = merged->rewind(); !started) {
        return fail(std::move(started).error());
    }
    return std::unique_ptr<SortedStream>{std::move(merged)};
}

}  // namespace twinzone::store
