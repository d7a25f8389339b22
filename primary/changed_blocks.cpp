#include "primary/changed_blocks.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "common/zone/diff.h"
#include "primary/block_reader.h"
#include "primary/zone_file_loader.h"

namespace twinzone::primary {

namespace {

// Where more than one part in so many of the text is new, reading all by several threads is faster.
constexpr std::uint64_t kChangedShare = 2;

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

    // Goes through the file. False: give up.
    [[nodiscard]] bool read(const std::vector<TextBlock>& blocks) {
        now_->blocks.reserve(blocks.size());
        text::ZoneFileContext context{.origin = options_.zone, .default_ttl = {}};
        for (const TextBlock& block : blocks) {
            const bool is_first = now_->blocks.empty();
            const std::optional<std::uint32_t> known = find(block, context, is_first);
            if (!known && !read_new(block, context, is_first)) {
                return false;
            }
            if (known) {
                take_known(*known, context);
            }
        }
        for (std::size_t i = 0; i < gone_.size(); ++i) {
            if (gone_[i] && !read_gone(before_.blocks[i])) {
                return false;
            }
        }
        return true;
    }

    [[nodiscard]] std::optional<ChangedBlocks> finish() {
        const std::uint64_t read = added_.records.size();
        const std::uint64_t lost = removed_.records.size();
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
    // A block with this text, not taken yet, that meant the same where it stood.
    [[nodiscard]] std::optional<std::uint32_t> find(const TextBlock& block,
                                                    const text::ZoneFileContext& context,
                                                    bool is_first) const {
        const auto [begin, end] = index_.equal_range(block.digest.low());
        const auto at = std::find_if(begin, end, [&](const auto& each) {
            const FileBlock& known = before_.blocks[each.second];
            return gone_[each.second] && known.text.same_text(block) &&
                   known.is_first == is_first && before_.contexts[known.before] == context;
        });
        return at == end ? std::nullopt : std::optional{at->second};
    }

    void take_known(std::uint32_t index, text::ZoneFileContext& context) {
        gone_[index] = false;
        FileBlock block = before_.blocks[index];
        block.before = now_->remember(context);
        if (before_.blocks[index].before != before_.blocks[index].behind) {
            context = before_.contexts[before_.blocks[index].behind];
        }
        block.behind = now_->remember(context);
        now_->blocks.push_back(block);
    }

    [[nodiscard]] bool read_new(const TextBlock& block, text::ZoneFileContext& context,
                                bool is_first) {
        if (!read_block(file_, block, text_)) {
            return false;
        }
        FileBlock kept{.text = block, .is_first = is_first, .before = now_->remember(context)};
        Result<text::ZoneFileContext> behind = read_records(
            as_text(text_), context, is_first,
            [this](const dns::RecordView& record) { return added_.take(options_, record); });
        kept.text.offset = now_->copy_bytes;
        if (!behind || !now_->copy->write(now_->copy_bytes, text_)) {
            return false;
        }
        now_->copy_bytes += block.bytes;
        context = *std::move(behind);
        kept.behind = now_->remember(context);
        now_->blocks.push_back(kept);
        return true;
    }

    [[nodiscard]] bool read_gone(const FileBlock& block) {
        return read_block(*before_.copy, block.text, text_) &&
               read_records(as_text(text_), before_.contexts[block.before], block.is_first,
                            [this](const dns::RecordView& record) {
                                return removed_.take(options_, record);
                            });
    }

    const LoadOptions& options_;
    const FileMemory& before_;
    const File& file_;
    std::unordered_multimap<std::uint64_t, std::uint32_t> index_;  // digest.low() to before_.blocks
    std::vector<bool> gone_;                                       // of before_.blocks
    std::shared_ptr<FileMemory> now_;
    Side removed_;
    Side added_;
    Bytes text_;
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
