#include "common/service/sorter_intake.h"

#include "common/store/record_sorter.h"

namespace twinzone::service {

namespace {

// Sorts when it is first read: on the writer's thread, not on the loop's.
class LateSortedStream final : public store::SortedStream {
  public:
    explicit LateSortedStream(store::RecordSorter sorter) : sorter_(std::move(sorter)) {}

    Result<std::optional<dns::RecordView>> next() override {
        if (Result<void> sorted = sort(); !sorted) {
            return fail(std::move(sorted).error());
        }
        return records_->next();
    }

    Result<void> rewind() override {
        if (Result<void> sorted = sort(); !sorted) {
            return sorted;
        }
        return records_->rewind();
    }

    std::uint64_t octets() const noexcept override {
        return records_ ? records_->octets() : sorter_.octets();
    }

    std::uint64_t dropped() const noexcept override { return records_ ? records_->dropped() : 0; }

  private:
    Result<void> sort() {
        if (records_) {
            return {};
        }
        Result<std::unique_ptr<store::SortedStream>> sorted = sorter_.finish();
        if (!sorted) {
            return fail(std::move(sorted).error());
        }
        records_ = std::move(*sorted);
        return {};
    }

    store::RecordSorter sorter_;
    std::unique_ptr<store::SortedStream> records_;
};

class SorterIntake final : public ContentIntake {
  public:
    explicit SorterIntake(std::string directory) : sorter_(std::move(directory)) {}

    Result<void> add(const dns::RecordView& record) override { return sorter_.add(record); }

    std::unique_ptr<zone::RecordStream> finish() override {
        return std::make_unique<LateSortedStream>(std::move(sorter_));
    }

  private:
    store::RecordSorter sorter_;
};

}  // namespace

std::unique_ptr<ContentIntake> SorterIntakeSource::open() {
    return std::make_unique<SorterIntake>(directory_);
}

}  // namespace twinzone::service
