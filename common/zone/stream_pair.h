// Two streams of records side by side, as a merge meets them.
#pragma once

#include <optional>

#include "common/zone/record_list.h"
#include "common/zone/record_stream.h"

namespace twinzone::zone {

// Borrows both streams, which are in canonical order. Call step_a() and step_b() once to begin. Not
// thread-safe.
class StreamPair {
  public:
    StreamPair(RecordStream& a, RecordStream& b) noexcept : a_(a), b_(b) {}

    [[nodiscard]] Result<void> step_a() { return step(a_, at_a_); }
    [[nodiscard]] Result<void> step_b() { return step(b_, at_b_); }
    [[nodiscard]] bool done() const noexcept { return !at_a_ && !at_b_; }

    // Negative: the next record is in `a` only; positive: in `b` only; zero: in both. Requires:
    // !done().
    [[nodiscard]] int side() const noexcept {
        if (!at_a_ || !at_b_) {
            return at_a_ ? -1 : 1;
        }
        return compare_canonical(*at_a_, *at_b_);
    }

    // Steps behind the record that side() spoke of.
    [[nodiscard]] Result<void> step(int side) {
        Result<void> stepped = side <= 0 ? step_a() : Result<void>{};
        return stepped && side >= 0 ? step_b() : stepped;
    }

    // Requires: side() says that there is one.
    [[nodiscard]] const dns::RecordView& a() const noexcept { return *at_a_; }
    [[nodiscard]] const dns::RecordView& b() const noexcept { return *at_b_; }

  private:
    static Result<void> step(RecordStream& stream, std::optional<dns::RecordView>& at) {
        Result<std::optional<dns::RecordView>> record = stream.next();
        if (!record) {
            return fail(std::move(record).error());
        }
        at = *record;
        return {};
    }

    RecordStream& a_;
    RecordStream& b_;
    std::optional<dns::RecordView> at_a_;
    std::optional<dns::RecordView> at_b_;
};

}  // namespace twinzone::zone
