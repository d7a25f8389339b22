#include "primary/blockwise_reading.h"

#include <algorithm>
#include <span>
#include <thread>

#include "primary/block_reader.h"
#include "primary/zone_file_loader.h"

namespace twinzone::primary {

namespace {

// More threads than this gain little: content goes through one writer in the end.
constexpr unsigned kMaxThreads = 4;

constexpr std::uint64_t kReadBytes = std::uint64_t{256} << 10;

// The blocks that one thread reads.
struct Share {
    Share(const LoadOptions& options, std::size_t memory_bytes) : intake(options, memory_bytes) {}

    ZoneIntake intake;
    std::span<const TextBlock> blocks;
    text::ZoneFileContext before;  // of the first block
    bool is_first = false;
    FileMemory memory;
    bool copied = true;  // the copy has all its texts
    bool good = false;
};

class Reading {
  public:
    Reading(const LoadOptions& options, const File& file, const File* copy) noexcept
        : options_(options), file_(file), copy_(copy) {}

    // The whole file as one share; its `good` tells whether that can be.
    [[nodiscard]] Share read(std::span<const TextBlock> blocks) const;

  private:
    [[nodiscard]] bool read_block_of(Share& share, const TextBlock& block,
                                     std::string_view text) const;
    [[nodiscard]] bool read_run(Share& share, std::span<const TextBlock> run, Bytes& text) const;
    void read_share(Share& share) const;
    [[nodiscard]] std::vector<Share> shares_behind(const Share& first,
                                                   std::span<const TextBlock> rest) const;
    void read_side_by_side(std::vector<Share>& shares) const;
    [[nodiscard]] bool join(Share& whole, Share& guessed) const;

    const LoadOptions& options_;
    const File& file_;
    const File* copy_;  // nullptr: there is none
};

// Blocks at the front that are read in one go.
std::span<const TextBlock> front_of(std::span<const TextBlock> blocks) noexcept {
    std::size_t count = 1;
    std::uint64_t bytes = blocks.front().bytes;
    while (count < blocks.size() && bytes + blocks[count].bytes <= kReadBytes) {
        bytes += blocks[count++].bytes;
    }
    return blocks.first(count);
}

// False where it cannot be read on its own.
bool Reading::read_block_of(Share& share, const TextBlock& block, std::string_view text) const {
    FileMemory& memory = share.memory;
    const bool is_first = share.is_first && memory.blocks.empty();
    const std::uint32_t before =
        memory.remember(memory.blocks.empty() ? share.before : memory.contexts.back());
    const Result<text::ZoneFileContext> behind =
        read_records(text, memory.contexts[before], is_first,
                     [&](const dns::RecordView& record) { return share.intake.take(record); });
    if (!behind) {
        return false;
    }
    memory.blocks.push_back({.text = block,
                             .is_first = is_first,
                             .before = before,
                             .behind = memory.remember(*behind)});
    return true;
}

// As above, of each; they stand one behind the other.
bool Reading::read_run(Share& share, std::span<const TextBlock> run, Bytes& text) const {
    const std::uint64_t begin = run.front().offset;
    const std::uint64_t end = run.back().offset + run.back().bytes;
    const TextBlock whole{
        .offset = begin, .bytes = static_cast<std::uint32_t>(end - begin), .digest = {}};
    if (!read_block(file_, whole, text)) {
        return false;
    }
    share.copied = share.copied && copy_ != nullptr && copy_->write(begin, text);
    return std::all_of(run.begin(), run.end(), [&](const TextBlock& block) {
        return read_block_of(share, block, as_text(text).substr(block.offset - begin, block.bytes));
    });
}

void Reading::read_share(Share& share) const {
    share.memory.blocks.reserve(share.blocks.size());
    share.good = true;
    Bytes text;
    std::span<const TextBlock> rest = share.blocks;
    while (share.good && !rest.empty()) {
        const std::span<const TextBlock> run = front_of(rest);
        share.good = read_run(share, run, text);
        rest = rest.subspan(run.size());
    }
    share.intake.sort();
}

// Behind the first block stands what nearly every file says once, at its top.
std::vector<Share> Reading::shares_behind(const Share& first,
                                          std::span<const TextBlock> rest) const {
    const std::size_t threads = std::clamp(std::thread::hardware_concurrency(), 1U, kMaxThreads);
    std::vector<Share> shares;
    shares.reserve(threads);
    for (std::size_t left = threads; left > 0 && !rest.empty(); --left) {
        Share& share =
            shares.emplace_back(options_, store::RecordSorter::kDefaultMemoryBytes / threads);
        share.blocks = rest.first((rest.size() + left - 1) / left);
        share.before = first.memory.contexts.back();
        rest = rest.subspan(share.blocks.size());
    }
    return shares;
}

void Reading::read_side_by_side(std::vector<Share>& shares) const {
    std::vector<std::thread> threads;
    threads.reserve(shares.size());
    for (std::size_t i = 1; i < shares.size(); ++i) {
        threads.emplace_back([this, &share = shares[i]] { read_share(share); });
    }
    if (!shares.empty()) {
        read_share(shares.front());
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

// Joins what a share read to what stands before it, and reads it again where directives there give
// its blocks another meaning.
bool Reading::join(Share& whole, Share& guessed) const {
    std::optional<Share> again;
    if (!(whole.memory.contexts.back() == guessed.before)) {
        again.emplace(options_, store::RecordSorter::kDefaultMemoryBytes / kMaxThreads);
        again->blocks = guessed.blocks;
        again->before = whole.memory.contexts.back();
        read_share(*again);
    }
    Share& later = again ? *again : guessed;
    if (!later.good || !whole.intake.append(std::move(later.intake))) {
        return false;
    }
    whole.copied = whole.copied && later.copied;
    FileMemory& memory = whole.memory;
    const auto offset = static_cast<std::uint32_t>(memory.contexts.size());
    memory.contexts.insert(memory.contexts.end(), later.memory.contexts.begin(),
                           later.memory.contexts.end());
    memory.blocks.reserve(memory.blocks.size() + later.memory.blocks.size());
    for (FileBlock& block : later.memory.blocks) {
        block.before += offset;
        block.behind += offset;
        memory.blocks.push_back(block);
    }
    return true;
}

Share Reading::read(std::span<const TextBlock> blocks) const {
    Share whole{options_, store::RecordSorter::kDefaultMemoryBytes};
    whole.blocks = blocks.first(1);
    whole.before = {.origin = options_.zone, .default_ttl = {}};
    whole.is_first = true;
    read_share(whole);
    if (!whole.good) {
        return whole;
    }
    std::vector<Share> shares = shares_behind(whole, blocks.subspan(1));
    read_side_by_side(shares);
    whole.good =
        std::all_of(shares.begin(), shares.end(), [&](Share& share) { return join(whole, share); });
    return whole;
}

// A file for the text; nullptr where none is wanted, or there is no room.
std::shared_ptr<const File> make_copy(const LoadOptions& options) {
    if (!options.keeps_memory) {
        return nullptr;
    }
    Result<File> made = File::make_unnamed(options.spill_directory);
    return made ? std::make_shared<const File>(*std::move(made)) : nullptr;
}

}  // namespace

std::optional<BlockwiseReading> read_blockwise(const LoadOptions& options, const File& file,
                                               const std::vector<TextBlock>& blocks) {
    if (blocks.empty()) {
        return std::nullopt;
    }
    const std::shared_ptr<const File> copy = make_copy(options);
    Share whole = Reading{options, file, copy.get()}.read(blocks);
    if (!whole.good || !whole.intake.soa() || whole.intake.records() >= options.max_records) {
        return std::nullopt;
    }
    std::shared_ptr<FileMemory> memory;
    if (whole.copied) {
        memory = std::make_shared<FileMemory>(std::move(whole.memory));
        memory->copy = copy;
        memory->copy_bytes = blocks.back().offset + blocks.back().bytes;
        memory->soa = *whole.intake.soa();
        memory->records = whole.intake.records();
        memory->wire_bytes = whole.intake.bytes();
    }
    return BlockwiseReading{.intake = std::move(whole.intake), .memory = std::move(memory)};
}

}  // namespace twinzone::primary
