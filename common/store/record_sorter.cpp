#include "common/store/record_sorter.h"

#include <algorithm>
#include <utility>

#include "common/store/sorted_run.h"

namespace twinzone::store {

namespace {

// Batches smaller than this are not worth a thread.
constexpr std::size_t kAsideBytes = std::size_t{1} << 20;

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

// What was sorted so far.
struct RecordSorter::Runs {
    std::string directory;
    std::vector<std::unique_ptr<SortedRun>> all;
    SortedRun* growing = nullptr;  // the last of them, where it has a file
    zone::RecordList last;         // one record: the last of that
    std::uint64_t dropped = 0;     // within them
    zone::RecordList batch;        // on its way into them; empty at rest

    Result<void> spill(bool in_order);
    Result<void> begin();
};

Result<void> RecordSorter::Runs::spill(bool in_order) {
    if (!in_order) {
        dropped += batch.sort_unique();
    }
    const bool goes_on = growing != nullptr && zone::compare_canonical(last[0], batch[0]) < 0;
    if (!goes_on) {
        if (Result<void> begun = begin(); !begun) {
            return begun;
        }
    }
    Result<void> written =
        in_order ? growing->append(batch.octets()) : growing->append_sorted(batch);
    last.clear();
    last.append(batch[batch.size() - 1]);
    batch.clear();
    return written;
}

Result<void> RecordSorter::Runs::begin() {
    Result<std::unique_ptr<SortedRun>> run = SortedRun::make(directory);
    if (!run) {
        return fail(std::move(run).error());
    }
    growing = run->get();
    all.push_back(*std::move(run));
    return {};
}

RecordSorter::RecordSorter(std::string directory, std::size_t memory_bytes)
    : memory_bytes_(memory_bytes), runs_(std::make_unique<Runs>()) {
    runs_->directory = std::move(directory);
}
RecordSorter::~RecordSorter() = default;
RecordSorter::RecordSorter(RecordSorter&&) noexcept = default;

RecordSorter& RecordSorter::operator=(RecordSorter&& other) noexcept {
    spilling_ = std::move(other.spilling_);  // waits for the thread of ours
    memory_bytes_ = other.memory_bytes_;
    current_ = std::move(other.current_);
    in_order_ = other.in_order_;
    added_ = other.added_;
    runs_ = std::move(other.runs_);
    failed_ = std::move(other.failed_);
    return *this;
}

Result<void> RecordSorter::add(const dns::RecordView& record) {
    in_order_ = in_order_ && (current_.empty() ||
                              zone::compare_canonical(current_[current_.size() - 1], record) < 0);
    current_.append(record);
    ++added_;
    // One half is filled while the other one is written.
    return current_.memory_bytes() >= memory_bytes_ / 2 ? spill() : Result<void>{};
}

Result<void> RecordSorter::wait() {
    if (spilling_.valid()) {
        note(spilling_.get());
    }
    return failed_ ? Result<void>{fail(*failed_)} : Result<void>{};
}

void RecordSorter::note(Result<void> done) {
    if (!done) {
        failed_ = std::move(done).error();
    }
}

Result<void> RecordSorter::spill() {
    if (Result<void> before = wait(); !before) {
        return before;
    }
    std::swap(current_, runs_->batch);
    const bool in_order = std::exchange(in_order_, true);
    if (runs_->batch.memory_bytes() < kAsideBytes) {
        note(runs_->spill(in_order));
        return wait();
    }
    // Deferred where the system gives no thread.
    spilling_ = std::async(std::launch::async | std::launch::deferred,
                           [runs = runs_.get(), in_order] { return runs->spill(in_order); });
    return {};
}

void RecordSorter::sort() {
    static_cast<void>(wait());  // finish() tells
    runs_->batch = {};
    if (current_.empty()) {
        return;
    }
    if (!std::exchange(in_order_, true)) {
        runs_->dropped += current_.sort_unique();
    }
    runs_->all.push_back(std::make_unique<SortedRun>(std::exchange(current_, {})));
    runs_->growing = nullptr;
}

void RecordSorter::append(RecordSorter&& later) {
    sort();
    later.sort();
    runs_->all.insert(runs_->all.end(), std::make_move_iterator(later.runs_->all.begin()),
                      std::make_move_iterator(later.runs_->all.end()));
    later.runs_->all.clear();
    later.runs_->growing = nullptr;
    added_ += std::exchange(later.added_, 0);
    runs_->dropped += std::exchange(later.runs_->dropped, 0);
    if (later.failed_) {
        failed_ = std::move(later.failed_);
    }
}

std::uint64_t RecordSorter::octets() const noexcept {
    if (spilling_.valid()) {
        spilling_.wait();
    }
    return octets_of(runs_->all) + current_.octets().size();
}

Result<std::unique_ptr<SortedStream>> RecordSorter::finish() {
    added_ = 0;
    sort();
    runs_->growing = nullptr;
    if (failed_) {
        return fail(*failed_);
    }
    auto merged = std::make_unique<MergedStream>(std::exchange(runs_->all, {}),
                                                 std::exchange(runs_->dropped, 0));
    if (Result<void> started = merged->rewind(); !started) {
        return fail(std::move(started).error());
    }
    return std::unique_ptr<SortedStream>{std::move(merged)};
}

}  // namespace twinzone::store
