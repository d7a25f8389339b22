#include "primary/file_memory.h"

#include <algorithm>
#include <cstring>
#include <thread>

#include "common/text/block_cutter.h"

namespace twinzone::primary {

namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 20;
static_assert(kReadBytes > 2 * text::kMaxBlockBytes);

// A file is cut by two threads from this size on.
constexpr std::uint64_t kSplitBytes = std::uint64_t{16} << 20;

using Cut = Result<std::optional<std::vector<TextBlock>>>;

TextBlock block_of(std::uint64_t offset, std::string_view text) {
    return {.offset = offset,
            .bytes = static_cast<std::uint32_t>(text.size()),
            .digest = zone::Digest::of_octets(as_bytes(text))};
}

// Cuts [begin, end), which begins where a block does and ends where one does.
Cut cut_range(const File& file, std::uint64_t begin, std::uint64_t end) {
    std::vector<TextBlock> blocks;
    blocks.reserve((end - begin) / text::kMinBlockBytes + 1);
    Bytes buffer(kReadBytes);
    std::size_t held = 0;
    while (begin + held < end || held > 0) {
        const auto wanted = static_cast<std::size_t>(
            std::min<std::uint64_t>(buffer.size() - held, end - begin - held));
        const Result<std::size_t> got =
            file.read(begin + held, std::span{buffer}.subspan(held, wanted));
        if (!got) {
            return fail(got.error());
        }
        if (*got < wanted) {
            return std::optional<std::vector<TextBlock>>{};  // it is being cut short
        }
        held += *got;
        const bool is_last = begin + held == end;
        const std::string_view text = as_text(ByteView{buffer}.first(held));
        std::size_t at = 0;
        while (is_last ? at < held : held - at > text::kMaxBlockBytes) {
            const std::size_t size = text::first_block(text.substr(at), is_last);
            if (size == 0) {
                return std::optional<std::vector<TextBlock>>{};
            }
            blocks.push_back(block_of(begin + at, text.substr(at, size)));
            at += size;
        }
        held -= at;
        std::memmove(buffer.data(), buffer.data() + at, held);
        begin += at;
    }
    return std::optional{std::move(blocks)};
}

// Where a block may begin near the middle; 0: nowhere.
std::uint64_t middle_of(const File& file, std::uint64_t size) {
    Bytes buffer(text::kMaxBlockBytes + 1);
    const Result<std::size_t> got = file.read(size / 2, buffer);
    if (!got || *got < buffer.size()) {
        return 0;
    }
    const std::size_t block = text::first_block(as_text(buffer), false);
    return block == 0 ? 0 : size / 2 + block;
}

}  // namespace

Cut cut_file(const File& file) {
    const Result<std::uint64_t> size = file.size();
    if (!size) {
        return fail(size.error());
    }
    const std::uint64_t middle = *size < kSplitBytes ? 0 : middle_of(file, *size);
    if (middle == 0) {
        return cut_range(file, 0, *size);
    }
    Cut back = std::optional<std::vector<TextBlock>>{};
    std::thread other{[&] { back = cut_range(file, middle, *size); }};
    Cut front = cut_range(file, 0, middle);
    other.join();
    if (!front || !*front) {
        return front;
    }
    if (!back || !*back) {
        return back;
    }
    (*front)->insert((*front)->end(), (*back)->begin(), (*back)->end());
    return front;
}

Result<void> read_block(const File& file, const TextBlock& block, Bytes& text) {
    text.resize(block.bytes);
    const Result<std::size_t> got = file.read(block.offset, text);
    if (!got) {
        return fail(got.error());
    }
    if (*got < text.size()) {
        return fail(Errc::file_unreadable, "the file is shorter than it was");
    }
    return {};
}

std::uint32_t FileMemory::remember(const text::ZoneFileContext& context) {
    if (contexts.empty() || !(contexts.back() == context)) {
        contexts.push_back(context);
    }
    return static_cast<std::uint32_t>(contexts.size() - 1);
}

}  // namespace twinzone::primary
