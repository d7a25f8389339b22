#include "common/store/comparison.h"

#include <algorithm>

#include "common/store/content.h"
#include "common/store/record_sorter.h"
#include "common/zone/diff_stream.h"
#include "common/zone/page.h"
#include "common/zone/page_records.h"

namespace twinzone::store {

namespace {

// Pages from whose changes it is foretold how many of those behind them have some.
constexpr std::uint64_t kStretchPages = 64;

}  // namespace

std::size_t max_diff_bytes(const zone::Version& version) noexcept {
    return std::clamp<std::uint64_t>(version.wire_bytes, kMinDiffBytes, kMaxDiffBytes);
}

EditForecast::EditForecast(const zone::Version& version) noexcept
    : page_records_(std::max<std::uint64_t>(
          1, version.records * zone::kPageBytes / std::max<std::uint64_t>(1, version.wire_bytes))),
      pages_(version.records / page_records_),
      next_page_(page_records_) {}

void EditForecast::note(std::uint64_t met, std::uint64_t edits) noexcept {
    if (met < next_page_) {
        return;
    }
    next_page_ = met + page_records_;
    ++seen_;
    if (edits != edits_) {
        edits_ = edits;
        ++hit_;
    }
    if (seen_ % kStretchPages == 0) {
        const std::uint64_t left = pages_ - std::min(pages_, seen_);
        const std::uint64_t to_come = left * (hit_ - hit_before_) / kStretchPages;
        much_ = (hit_ + to_come) * zone::kPageBytes > kMaxEditedBytes;
        hit_before_ = hit_;
    }
}

Result<Difference> find_difference(const Transaction& txn, const ZoneRecord& before,
                                   zone::ReplaceWith& change) {
    const zone::Version& version = *before.version;
    zone::PageRecords old{std::make_unique<ContentCursor>(txn, before.content)};
    zone::DiffStream stream{version.soa, old, change.soa, *change.records, max_diff_bytes(version)};
    EditForecast forecast{version};
    while (stream.diff()) {
        const Result<std::optional<dns::RecordView>> record = stream.next();
        if (!record) {
            return fail(record.error());
        }
        if (!*record) {
            break;
        }
        if (stream.diff()) {
            forecast.note(stream.met(),
                          stream.diff()->removed.size() + stream.diff()->added.size());
        }
        if (forecast.much()) {
            return Difference{.much = true};
        }
    }
    return Difference{.diff = stream.take_diff()};
}

Result<std::optional<Verdict>> judge_content(const Transaction& txn, const zone::Commit& commit,
                                             const ZoneRecord& before) {
    auto& stream = static_cast<SortedStream&>(*std::get<zone::ReplaceWith>(commit.change).records);
    if (Result<void> rewound = stream.rewind(); !rewound) {
        return fail(std::move(rewound).error());
    }
    zone::PageRecords old{std::make_unique<ContentCursor>(txn, before.content)};
    const Result<zone::Losses> losses = zone::count_losses(commit.zone.view(), old, stream);
    if (!losses) {
        if (losses.error().code() == Errc::store_corrupt) {
            return std::optional<Verdict>{};
        }
        return fail(losses.error());
    }
    const auto reason = zone::judge(*commit.guard, before.version->records, *losses);
    return reason ? std::optional{Verdict{*reason, *losses}} : std::nullopt;
}

}  // namespace twinzone::store
