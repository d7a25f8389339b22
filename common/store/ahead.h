// What one thread makes some way ahead of the other that takes it, batch by batch: a lock for each
// single thing would cost more than it gains.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "common/base/result.h"

namespace twinzone::store {

// Batch: movable, with empty().
template <class Batch>
class Ahead {
  public:
    // `make` is called on a thread of its own until it gives an empty batch or an error; while more
    // than `max_octets` wait to be taken, by the word of `octets_of`, it is not.
    Ahead(std::function<Result<Batch>()> make, std::size_t (*octets_of)(const Batch&),
          std::size_t max_octets)
        : make_(std::move(make)),
          octets_of_(octets_of),
          max_octets_(max_octets),
          thread_([this] { run(); }) {}

    // Ends the thread, wherever it is.
    ~Ahead() {
        {
            const std::lock_guard guard{mutex_};
            unwanted_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }
    Ahead(const Ahead&) = delete;
    Ahead& operator=(const Ahead&) = delete;

    // The next batch; waits for it. Requires: none was empty or an error so far.
    [[nodiscard]] Result<Batch> next() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return !made_.empty(); });
        Result<Batch> batch = std::move(made_.front());
        made_.pop_front();
        octets_ -= batch ? octets_of_(*batch) : 0;
        lock.unlock();
        changed_.notify_all();
        return batch;
    }

  private:
    void run() {
        for (;;) {
            Result<Batch> batch = make_();
            const bool last = !batch || batch->empty();
            if (!give(std::move(batch)) || last) {
                return;
            }
        }
    }

    // False where no more are wanted.
    [[nodiscard]] bool give(Result<Batch> batch) {
        const std::size_t octets = batch ? octets_of_(*batch) : 0;
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return unwanted_ || octets_ < max_octets_; });
        made_.push_back(std::move(batch));
        octets_ += octets;
        const bool wanted = !unwanted_;
        lock.unlock();
        changed_.notify_all();
        return wanted;
    }

    std::function<Result<Batch>()> make_;
    std::size_t (*octets_of_)(const Batch&);
    std::size_t max_octets_;

    std::mutex mutex_;  // guards what follows, up to the blank line
    std::condition_variable changed_;
    std::deque<Result<Batch>> made_;
    std::size_t octets_ = 0;
    bool unwanted_ = false;

    std::thread thread_;  // last: it uses all of the above
};

}  // namespace twinzone::store
