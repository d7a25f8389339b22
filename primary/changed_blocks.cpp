#include "primary/changed_blocks.h"

#include <algorithm>
#include <thread>
#include <unordered_map>
#include <utility>

#include "common/zone/diff.h"
#include "primary/block_reader.h"
#include "primary/moved_records.h"
#include "primary/zone_file_loader.h"

namespace twinzone::primary {

namespace {

// Where more than one part in so many of the text is new, reading all by several threads is faster.
constexpr std::uint64_t kChangedShare = 2;

// From so much text on two threads read it.
constexpr std::uint64_t kSideBySideBytes = std::uint64_t{256} << 10;

// What the copy may have more than the file, beside its texts.
constexpr std::uint64_t kMaxCopyShare = 2;

class ListStream final : public zone::RecordStream {
  public:
    explicit ListStream(const zone::RecordList& records) noexcept : records_(records) {}

    Result<std::optional<dns::RecordView>> next() override {
        if (at_ == records_.size()) {
            return std::optional<dns::RecordView>{};
        }
        return std::optional{records_[at_++]};
    }

  private:
    const zone::RecordList& records_;
    std::size_t at_ = 0;
};

// The records of some blocks.
struct Side {
    zone::RecordList records;
    std::optional<dns::SoaRecord> soa;
    std::uint64_t wire_bytes = 0;
    bool has_apex_ns = false;

    Result<void> take(const LoadOptions& options, const dns::RecordView& record) {
        if (!record.owner.is_at_or_below(options.zone)) {
            return fail(Errc::zone_file_content, "an owner outside the zone");
        }
        wire_bytes += record.wire_bytes();
        if (record.type != dns::RrType::soa) {
            has_apex_ns = has_apex_ns ||
                          (record.type == dns::RrType::ns && record.owner == options.zone.view());
            records.append(record);
            return {};
        }
        Result<dns::SoaRecord> parsed = dns::SoaRecord::parse(record);
        if (!parsed || soa || !(record.owner == options.zone.view())) {
            return fail(Errc::zone_file_content, "a SOA that needs a look at the whole file");
        }
        soa = *std::move(parsed);
        return {};
    }
};

class Comparison {
  public:
    Comparison(const LoadOptions& options, const FileMemory& before, const File& file)
        : options_(options),
          before_(before),
          file_(file),
          gone_(before.blocks.size(), true),
          now_(std::make_shared<FileMemory>()) {
        now_->copy = before.copy;
        now_->copy_bytes = before.copy_bytes;
        index_.reserve(before.blocks.size());
        for (std::uint32_t i = 0; i < before.blocks.size(); ++i) {
            index_.emplace(before.blocks[i].text.digest.low(), i);
        }
    }

    [[nodiscard]] bool much_is_new(const std::vector<TextBlock>& blocks) const {
        std::uint64_t all = 0;
        std::uint64_t fresh = 0;
        for (const TextBlock& block : blocks) {
            all += block.bytes;
            fresh += index_.contains(block.digest.low()) ? 0 : block.bytes;
        }
        return fresh > all / kChangedShare || before_.copy_bytes + fresh > all * kMaxCopyShare;
    }

    // Both sides, side by side where they are large. False: give up.
    [[nodiscard]] bool read(const std::vector<TextBlock>& blocks) {
        const std::vector<std::optional<std::uint32_t>> known = find_known(blocks);
        std::uint64_t gone_bytes = 0;
        for (std::size_t i = 0; i < gone_.size(); ++i) {
            gone_bytes += gone_[i] ? before_.blocks[i].text.bytes : 0;
        }
        if (gone_bytes < kSideBySideBytes) {
            return read_gone() && read_now(blocks, known);
        }
        bool good = false;
        std::thread other{[&] { good = read_gone(); }};
        const bool read = read_now(blocks, known);
        other.join();
        return read && good;
    }

    [[nodiscard]] std::optional<ChangedBlocks> finish() {
        const std::uint64_t read = added_.records.size();
        const std::uint64_t lost = removed_.records.size();
        drop_moved(removed_.records, added_.records);
        // Both sides without duplicates, and a SOA and NS where they were: all else is for those
        // who see the whole file.
        if (removed_.records.sort_unique() > 0 || added_.records.sort_unique() > 0 ||
            removed_.soa.has_value() != added_.soa.has_value() ||
            (removed_.has_apex_ns && !added_.has_apex_ns)) {
            return std::nullopt;
        }
        now_->soa = added_.soa.value_or(before_.soa);
        now_->records = before_.records + read - lost;
        now_->wire_bytes = before_.wire_bytes + added_.wire_bytes - removed_.wire_bytes;
        if (now_->records >= options_.max_records || now_->wire_bytes > options_.max_bytes) {
            return std::nullopt;
        }
        ListStream removed{removed_.records};
        ListStream added{added_.records};
        Result<std::optional<zone::Diff>> difference =
            zone::diff(before_.soa, removed, now_->soa, added, SIZE_MAX);
        if (!difference || !*difference) {
            return std::nullopt;
        }
        return ChangedBlocks{.removed = std::move((*difference)->removed),
                             .added = std::move((*difference)->added),
                             .memory = std::move(now_)};
    }

  private:
    // For each block the one that had this text, each taken once. What is taken is not gone.
    [[nodiscard]] std::vector<std::optional<std::uint32_t>> find_known(
        const std::vector<TextBlock>& blocks) {
        std::vector<std::optional<std::uint32_t>> known;
        known.reserve(blocks.size());
        for (const TextBlock& block : blocks) {
            const auto [begin, end] = index_.equal_range(block.digest.low());
            const auto at = std::find_if(begin, end, [&](const auto& each) {
                const FileBlock& found = before_.blocks[each.second];
                return gone_[each.second] && found.text.same_text(block) &&
                       found.is_first == known.empty();
            });
            known.push_back(at == end ? std::nullopt : std::optional{at->second});
            if (at != end) {
                gone_[at->second] = false;
            }
        }
        return known;
    }

    // Goes through the file. False also where a directive before a block that was known gives it
    // another meaning now.
    [[nodiscard]] bool read_now(const std::vector<TextBlock>& blocks,
                                const std::vector<std::optional<std::uint32_t>>& known) {
        now_->blocks.reserve(blocks.size());
        text::ZoneFileContext context{.origin = options_.zone, .default_ttl = {}};
        Bytes text;
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            const bool good = known[i] ? take_known(before_.blocks[*known[i]], context)
                                       : read_new(blocks[i], context, text);
            if (!good) {
                return false;
            }
        }
        return true;
    }

    [[nodiscard]] bool take_known(FileBlock block, text::ZoneFileContext& context) {
        if (!(before_.contexts[block.before] == context)) {
            return false;
        }
        const bool changes_context = block.before != block.behind;
        block.before = now_->remember(context);
        if (changes_context) {
            context = before_.contexts[block.behind];
        }
        block.behind = now_->remember(context);
        now_->blocks.push_back(block);
        return true;
    }

    [[nodiscard]] bool read_new(const TextBlock& block, text::ZoneFileContext& context,
                                Bytes& text) {
        const bool is_first = now_->blocks.empty();
        if (!read_block(file_, block, text)) {
            return false;
        }
        FileBlock kept{.text = block, .is_first = is_first, .before = now_->remember(context)};
        Result<text::ZoneFileContext> behind = read_records(
            as_text(text), context, is_first,
            [this](const dns::RecordView& record) { return added_.take(options_, record); });
        kept.text.offset = now_->copy_bytes;
        if (!behind || !now_->copy->write(now_->copy_bytes, text)) {
            return false;
        }
        now_->copy_bytes += block.bytes;
        context = *std::move(behind);
        kept.behind = now_->remember(context);
        now_->blocks.push_back(kept);
        return true;
    }

    [[nodiscard]] bool read_gone() {
        Bytes text;
        for (std::size_t i = 0; i < gone_.size(); ++i) {
            const FileBlock& block = before_.blocks[i];
            if (gone_[i] && !(read_block(*before_.copy, block.text, text) &&
                              read_records(as_text(text), before_.contexts[block.before],
                                           block.is_first, [this](const dns::RecordView& record) {
                                               return removed_.take(options_, record);
                                           }))) {
                return false;
            }
        }
        return true;
    }

    const LoadOptions& options_;
    const FileMemory& before_;
    const File& file_;
    std::unordered_multimap<std::uint64_t, std::uint32_t> index_;  // digest.low() to before_.blocks
    std::vector<bool> gone_;                                       // of before_.blocks
    std::shared_ptr<FileMemory> now_;
    Side removed_;
    Side added_;
};

}  // namespace

std::optional<ChangedBlocks> read_changed_blocks(const LoadOptions& options,
                                                 const FileMemory& memory, const File& file,
                                                 const std::vector<TextBlock>& blocks) {
    Comparison comparison{options, memory, file};
    if (comparison.much_is_new(blocks) || !comparison.read(blocks)) {
        return std::nullopt;
    }
    return comparison.finish();
}

}  // namespace twinzone::primary
