// Due times of many items (zones, mostly), by dense index: the earliest first. A 4-ary heap that
// knows each item's place: arming, moving and taking out cost O(log n), twenty octets an item.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/base/time.h"

namespace twinzone::transfer {

// An item has at most one due time. Memory grows with the largest index ever set. Not thread-safe.
class DueQueue {
  public:
    // Arms the item, or moves it to another time.
    void set(std::uint32_t item, Instant due);
    void erase(std::uint32_t item);  // nothing happens where it is not armed

    [[nodiscard]] bool contains(std::uint32_t item) const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }

    // Requires: contains(item).
    [[nodiscard]] Instant due(std::uint32_t item) const noexcept;

    // The earliest due time; nullopt where nothing is armed.
    [[nodiscard]] std::optional<Instant> next() const noexcept;

    // Takes out the earliest item if its time has come; it is no longer armed.
    [[nodiscard]] std::optional<std::uint32_t> pop_due(Instant now);

  private:
    // 12 octets instead of 16: the heap of 1,000,000 zones is walked at every step.
    struct Node {
        std::uint32_t due_high;
        std::uint32_t due_low;
        std::uint32_t item;
    };

    static Node make_node(Instant due, std::uint32_t item) noexcept;
    static std::int64_t key(const Node& node) noexcept;
    void place(std::size_t at, const Node& node) noexcept;
    void sift_up(std::size_t at) noexcept;
    void sift_down(std::size_t at) noexcept;

    std::vector<Node> heap_;
    std::vector<std::uint32_t> position_;  // by item: index in heap_ plus 1; 0 where not armed
};

}  // namespace twinzone::transfer
