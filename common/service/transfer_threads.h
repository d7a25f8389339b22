// Threads that prepare what outgoing transfers send: they read pages from the store's map, which
// may wait for the disk, and sign messages. Sockets and sessions stay on the loop, so that a zone
// that has to be read from the disk or signed holds up nobody but its own transfer.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "common/net/loop.h"

namespace twinzone::service {

class TransferThreads {
  public:
    // `count` threads, at least one. The loop outlives this.
    TransferThreads(net::Loop& loop, unsigned count);
    TransferThreads(const TransferThreads&) = delete;
    TransferThreads& operator=(const TransferThreads&) = delete;
    // Waits for what runs; what has not begun is dropped. All that was given is released here. Loop
    // thread.
    ~TransferThreads();

    // Runs `prepare` on one of the threads, then `after` on the loop thread; never from within this
    // call. Both are destroyed on the loop thread. Loop thread only.
    void run(std::function<void()> prepare, std::function<void()> after);

  private:
    struct Task {
        std::function<void()> prepare;
        std::function<void()> after;
    };
    // What threads and loop share.
    struct Queue {
        std::mutex mutex;
        std::condition_variable wake;
        std::deque<Task> waiting;
        std::deque<Task> done;
        bool is_ending = false;
    };

    void work();
    static void finish(Queue& queue);

    net::Loop& loop_;
    std::shared_ptr<Queue> queue_ = std::make_shared<Queue>();
    std::vector<std::thread> threads_;
};

}  // namespace twinzone::service
