// A moving window over a zone file or a text in memory: a run of contiguous octets ended by NULs,
// as long as the longest entry at least. Reading, not mapping, because a file that is cut short
// while it is mapped would end the program.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace twinzone::text {

// Not thread-safe.
class SourceWindow {
  public:
    // Errc::not_found, or Errc::file_unreadable also for what is no regular file.
    [[nodiscard]] static Result<SourceWindow> open(const std::string& path);

    // Borrows `text`.
    [[nodiscard]] static SourceWindow over(std::string_view text);

    SourceWindow(SourceWindow&& other) noexcept;
    SourceWindow& operator=(SourceWindow&& other) = delete;
    ~SourceWindow();

    // Octets of the window, unless the source has fewer.
    static constexpr std::size_t kWindowBytes = 1U << 20;

    // Makes text() hold at least `least` octets, or all that is left. Moves them: what text() gave
    // before is no longer valid. Requires: least <= kWindowBytes. Returns errno's number, 0 for
    // success.
    [[nodiscard]] int fill(std::size_t least);

    // What was not passed yet; kTextPadding octets of NUL (octets16.h) stand behind it.
    [[nodiscard]] std::string_view text() const noexcept { return {at_, end_}; }

    // True if nothing follows text().
    [[nodiscard]] bool is_last() const noexcept { return exhausted_; }

    // Passes over everything before `to`, which lies within text().
    void pass_to(const char* to) noexcept { at_ = to; }

  private:
    SourceWindow(int fd, std::string_view text, std::size_t expected);

    [[nodiscard]] int read_more();
    void make_room();
    void put_padding() noexcept;

    int fd_;                   // -1: memory_ is the source
    std::string_view memory_;  // not copied into the window yet
    std::size_t capacity_;     // without the padding
    std::unique_ptr<char[]> buffer_;
    const char* at_;
    char* end_;
    bool exhausted_ = false;
};

}  // namespace twinzone::text
