#include "common/service/transfer_threads.h"

#include <algorithm>
#include <utility>

namespace twinzone::service {

TransferThreads::TransferThreads(net::Loop& loop, unsigned count) : loop_(loop) {
    threads_.reserve(std::max(count, 1U));
    for (unsigned i = 0; i < std::max(count, 1U); ++i) {
        threads_.emplace_back([this] { work(); });
    }
}

TransferThreads::~TransferThreads() {
    {
        const std::lock_guard lock{queue_->mutex};
        queue_->is_ending = true;
    }
    queue_->wake.notify_all();
    for (std::thread& thread : threads_) {
        thread.join();
    }
}

void TransferThreads::run(std::function<void()> prepare, std::function<void()> after) {
    {
        const std::lock_guard lock{queue_->mutex};
        queue_->waiting.push_back({std::move(prepare), std::move(after)});
    }
    queue_->wake.notify_one();
}

void TransferThreads::work() {
    std::unique_lock lock{queue_->mutex};
    for (;;) {
        queue_->wake.wait(lock, [this] { return queue_->is_ending || !queue_->waiting.empty(); });
        if (queue_->is_ending) {
            return;
        }
        Task task = std::move(queue_->waiting.front());
        queue_->waiting.pop_front();
        lock.unlock();
        task.prepare();
        lock.lock();
        queue_->done.push_back(std::move(task));
        // The loop may run this when the threads and their queue are gone.
        loop_.post([weak = std::weak_ptr{queue_}] {
            if (const std::shared_ptr<Queue> queue = weak.lock()) {
                finish(*queue);
            }
        });
    }
}

void TransferThreads::finish(Queue& queue) {
    std::deque<Task> done;
    {
        const std::lock_guard lock{queue.mutex};
        done.swap(queue.done);
    }
    for (const Task& task : done) {
        task.after();
    }
}

}  // namespace twinzone::service
