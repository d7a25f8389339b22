#include "common/transfer/due_queue.h"

#include <algorithm>

#include "common/base/assert.h"

namespace twinzone::transfer {

namespace {
constexpr std::size_t kArity = 4;
}  // namespace

DueQueue::Node DueQueue::make_node(Instant due, std::uint32_t item) noexcept {
    const auto key = static_cast<std::uint64_t>(due.since_start().count());
    return {static_cast<std::uint32_t>(key >> 32), static_cast<std::uint32_t>(key), item};
}

std::int64_t DueQueue::key(const Node& node) noexcept {
    return static_cast<std::int64_t>((std::uint64_t{node.due_high} << 32) | node.due_low);
}

void DueQueue::place(std::size_t at, const Node& node) noexcept {
    heap_[at] = node;
    position_[node.item] = static_cast<std::uint32_t>(at + 1);
}

void DueQueue::set(std::uint32_t item, Instant due) {
    if (item >= position_.size()) {
        position_.resize(std::size_t{item} + 1, 0);
    }
    if (position_[item] == 0) {
        heap_.push_back({});
        place(heap_.size() - 1, make_node(due, item));
    } else {
        place(position_[item] - 1, make_node(due, item));
    }
    sift_up(position_[item] - 1);
    sift_down(position_[item] - 1);
}

void DueQueue::erase(std::uint32_t item) {
    if (!contains(item)) {
        return;
    }
    const std::size_t at = position_[item] - 1;
    position_[item] = 0;
    const Node last = heap_.back();
    heap_.pop_back();
    if (last.item != item) {
        place(at, last);
        sift_up(at);
        sift_down(position_[last.item] - 1);
    }
}

bool DueQueue::contains(std::uint32_t item) const noexcept {
    return item < position_.size() && position_[item] != 0;
}

Instant DueQueue::due(std::uint32_t item) const noexcept {
    TWINZONE_ASSERT(contains(item));
    return Instant{Duration{key(heap_[position_[item] - 1])}};
}

std::optional<Instant> DueQueue::next() const noexcept {
    if (heap_.empty()) {
        return std::nullopt;
    }
    return Instant{Duration{key(heap_.front())}};
}

std::optional<std::uint32_t> DueQueue::pop_due(Instant now) {
    const std::optional<Instant> earliest = next();
    if (!earliest || *earliest > now) {
        return std::nullopt;
    }
    const std::uint32_t item = heap_.front().item;
    erase(item);
    return item;
}

void DueQueue::sift_up(std::size_t at) noexcept {
    const Node node = heap_[at];
    while (at > 0) {
        const std::size_t parent = (at - 1) / kArity;
        if (key(heap_[parent]) <= key(node)) {
            break;
        }
        place(at, heap_[parent]);
        at = parent;
    }
    place(at, node);
}

void DueQueue::sift_down(std::size_t at) noexcept {
    const Node node = heap_[at];
    for (;;) {
        const std::size_t first = at * kArity + 1;
        if (first >= heap_.size()) {
            break;
        }
        const std::size_t end = std::min(first + kArity, heap_.size());
        std::size_t least = first;
        for (std::size_t child = first + 1; child < end; ++child) {
            if (key(heap_[child]) < key(heap_[least])) {
                least = child;
            }
        }
        if (key(node) <= key(heap_[least])) {
            break;
        }
        place(at, heap_[least]);
        at = least;
    }
    place(at, node);
}

}  // namespace twinzone::transfer
