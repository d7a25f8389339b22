// Pages of new content, encoded on a thread of their own some way ahead of who writes them: while a
// transaction is synced, the next one's pages are made.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "common/base/result.h"
#include "common/zone/version_encoder.h"

namespace twinzone::store {

// The most octets of pages that wait to be taken.
inline constexpr std::size_t kAheadBytes = std::size_t{8} << 20;

// Borrows the encoder, which nobody else uses before the end or before this is gone.
class PagesAhead {
  public:
    explicit PagesAhead(zone::VersionEncoder& encoder);
    // Ends the thread, wherever it is.
    ~PagesAhead();
    PagesAhead(const PagesAhead&) = delete;
    PagesAhead& operator=(const PagesAhead&) = delete;

    // Some pages, in order; none: that were all. Waits for them. Errors of the encoder.
    [[nodiscard]] Result<std::vector<zone::EncodedPage>> next();

  private:
    void run();
    [[nodiscard]] Result<std::vector<zone::EncodedPage>> make_some();
    [[nodiscard]] bool give(Result<std::vector<zone::EncodedPage>> pages);

    zone::VersionEncoder& encoder_;
    std::mutex mutex_;  // guards what follows, up to the blank line
    std::condition_variable changed_;
    std::deque<Result<std::vector<zone::EncodedPage>>> made_;  // the last one empty or an error
    std::size_t made_bytes_ = 0;
    bool unwanted_ = false;

    std::thread thread_;  // last: it uses all of the above
};

}  // namespace twinzone::store
