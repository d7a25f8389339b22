#include "common/zone/diff.h"

namespace twinzone::zone {

namespace {

// Two streams side by side: the record that stands next in each.
class Pair {
  public:
    Pair(RecordStream& a, RecordStream& b) noexcept : a_(a), b_(b) {}

    [[nodiscard]] Result<void> step_a() { return step(a_, at_a_); }
    [[nodiscard]] Result<void> step_b() { return step(b_, at_b_); }
    [[nodiscard]] bool done() const noexcept { return !at_a_ && !at_b_; }

    // Negative: the next record is in `a` only; positive: in `b` only; zero: in both.
    [[nodiscard]] int side() const noexcept {
        if (!at_a_ || !at_b_) {
            return at_a_ ? -1 : 1;
        }
        return compare_canonical(*at_a_, *at_b_);
    }

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

}  // namespace

Result<std::optional<Diff>> diff(const dns::SoaRecord& from, RecordStream& a,
                                 const dns::SoaRecord& to, RecordStream& b, std::size_t max_bytes) {
    Pair pair{a, b};
    Diff result{from, to, {}, {}};
    Result<void> stepped = pair.step_a();
    if (stepped) {
        stepped = pair.step_b();
    }
    while (stepped && !pair.done()) {
        const int side = pair.side();
        if (side < 0 || (side == 0 && !same_content(pair.a(), pair.b()))) {
            result.removed.append(pair.a());
        }
        if (side > 0 || (side == 0 && !same_content(pair.a(), pair.b()))) {
            result.added.append(pair.b());
        }
        if (result.removed.memory_bytes() + result.added.memory_bytes() > max_bytes) {
            return std::optional<Diff>{};
        }
        if (side <= 0) {
            stepped = pair.step_a();
        }
        if (side >= 0 && stepped) {
            stepped = pair.step_b();
        }
    }
    if (!stepped) {
        return fail(std::move(stepped).error());
    }
    return std::optional{std::move(result)};
}

}  // namespace twinzone::zone
