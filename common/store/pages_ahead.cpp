#include "common/store/pages_ahead.h"

#include <utility>

namespace twinzone::store {

namespace {

using Pages = std::vector<zone::EncodedPage>;

// Handed over together: a lock for each page would cost more than it gains.
constexpr std::size_t kPagesTogether = 16;

std::size_t octets_of(const Pages& pages) noexcept {
    std::size_t octets = 0;
    for (const zone::EncodedPage& page : pages) {
        octets += page.message.size();
    }
    return octets;
}

}  // namespace

PagesAhead::PagesAhead(zone::VersionEncoder& encoder)
    : encoder_(encoder), thread_([this] { run(); }) {}

PagesAhead::~PagesAhead() {
    {
        const std::lock_guard guard{mutex_};
        unwanted_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

Result<Pages> PagesAhead::next() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return !made_.empty(); });
    Result<Pages> pages = std::move(made_.front());
    made_.pop_front();
    if (pages) {
        made_bytes_ -= octets_of(*pages);
    }
    lock.unlock();
    changed_.notify_all();
    return pages;
}

void PagesAhead::run() {
    for (;;) {
        Result<Pages> pages = make_some();
        const bool last = !pages || pages->empty();
        if (!give(std::move(pages)) || last) {
            return;
        }
    }
}

Result<Pages> PagesAhead::make_some() {
    Pages pages;
    pages.reserve(kPagesTogether);
    while (pages.size() < kPagesTogether) {
        Result<std::optional<zone::EncodedPage>> page = encoder_.next();
        if (!page) {
            return fail(std::move(page).error());
        }
        if (!*page) {
            break;
        }
        pages.push_back(std::move(**page));
    }
    return pages;
}

// False where no more are wanted.
bool PagesAhead::give(Result<Pages> pages) {
    const std::size_t octets = pages ? octets_of(*pages) : 0;
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return unwanted_ || made_bytes_ < kAheadBytes; });
    made_.push_back(std::move(pages));
    made_bytes_ += octets;
    const bool wanted = !unwanted_;
    lock.unlock();
    changed_.notify_all();
    return wanted;
}

}  // namespace twinzone::store
