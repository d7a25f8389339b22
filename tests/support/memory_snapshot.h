// A version of example.test. with its history, held in memory as the store would hold it: the pages
// are real ones.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "common/zone/diff_pages.h"
#include "common/zone/page_encoder.h"
#include "common/zone/version_store.h"
#include "tests/support/records.h"

namespace twinzone::test {

class MemoryCursor : public zone::PageCursor {
  public:
    explicit MemoryCursor(std::vector<ByteView> pages) : pages_(std::move(pages)) {}

    Result<std::optional<ByteView>> next() override {
        if (at_ == pages_.size()) {
            return std::optional<ByteView>{};
        }
        return std::optional<ByteView>{pages_[at_++]};
    }

  private:
    std::vector<ByteView> pages_;
    std::size_t at_ = 0;
};

class MemorySnapshot : public zone::Snapshot {
  public:
    // `history`: oldest first; the last leads to this version.
    MemorySnapshot(const dns::SoaRecord& soa, zone::RecordList records,
                   const std::vector<zone::Diff>& history)
        : records_(std::move(records)) {
        version_.soa = soa;
        version_.records = records_.size() + 1;
        zone::PageEncoder encoder;
        for (std::size_t i = 0; i < records_.size(); ++i) {
            keep(*encoder.add(records_[i]));
        }
        keep(*encoder.finish());
        for (const zone::Diff& diff : history) {
            steps_.emplace_back(step_of(diff), *zone::encode_diff_pages(diff));
            for (const Bytes& page : steps_.back().second) {
                steps_.back().first.wire_bytes += page.size();
            }
        }
    }

    [[nodiscard]] const zone::Version& version() const noexcept override { return version_; }
    [[nodiscard]] const zone::RecordList& records() const noexcept { return records_; }

    [[nodiscard]] std::unique_ptr<zone::PageCursor> pages() const override {
        return std::make_unique<MemoryCursor>(std::vector<ByteView>{pages_.begin(), pages_.end()});
    }

    [[nodiscard]] Result<std::optional<std::vector<zone::HistoryStep>>> history(
        dns::Serial serial) const override {
        std::vector<zone::HistoryStep> found;
        for (std::size_t i = first_step(serial); i < steps_.size(); ++i) {
            found.push_back(steps_[i].first);
        }
        if (found.empty() && serial != version_.serial()) {
            return std::optional<std::vector<zone::HistoryStep>>{};
        }
        return std::optional{std::move(found)};
    }

    [[nodiscard]] Result<std::unique_ptr<zone::PageCursor>> history_pages(
        dns::Serial serial) const override {
        std::vector<ByteView> found;
        for (std::size_t i = first_step(serial); i < steps_.size(); ++i) {
            found.insert(found.end(), steps_[i].second.begin(), steps_[i].second.end());
        }
        std::unique_ptr<zone::PageCursor> cursor;
        if (!found.empty()) {
            cursor = std::make_unique<MemoryCursor>(std::move(found));
        }
        return cursor;
    }

    [[nodiscard]] Result<std::vector<zone::HistoryStep>> all_history() const override {
        std::vector<zone::HistoryStep> all;
        for (const auto& step : steps_) {
            all.push_back(step.first);
        }
        return all;
    }

    [[nodiscard]] Result<std::unique_ptr<zone::PageCursor>> step_pages(
        std::size_t back) const override {
        const std::vector<Bytes>& pages = steps_.at(steps_.size() - 1 - back).second;
        return std::unique_ptr<zone::PageCursor>{
            std::make_unique<MemoryCursor>(std::vector<ByteView>{pages.begin(), pages.end()})};
    }

  private:
    static zone::HistoryStep step_of(const zone::Diff& diff) {
        zone::HistoryStep step;
        step.from = diff.from;
        step.to = diff.to;
        step.removed = diff.removed.size();
        step.added = diff.added.size();
        return step;
    }

    std::size_t first_step(dns::Serial serial) const {
        std::size_t at = 0;
        while (at < steps_.size() && steps_[at].first.from.serial != serial) {
            ++at;
        }
        return at;
    }

    void keep(std::optional<zone::EncodedPage> page) {
        if (page) {
            version_.wire_bytes += page->message.size();
            pages_.push_back(std::move(page->message));
        }
    }

    zone::Version version_;
    zone::RecordList records_;
    std::vector<Bytes> pages_;
    std::vector<std::pair<zone::HistoryStep, std::vector<Bytes>>> steps_;
};

// A step from serial to serial.
inline zone::Diff diff(std::uint32_t from, std::uint32_t to,
                       const std::vector<dns::Record>& removed,
                       const std::vector<dns::Record>& added) {
    zone::Diff made;
    made.from = soa_record(from);
    made.to = soa_record(to);
    made.removed = list_of(removed);
    made.added = list_of(added);
    return made;
}

}  // namespace twinzone::test
