#include "common/zone/condense.h"

#include <array>
#include <optional>

#include <fmt/format.h>

namespace twinzone::zone {

namespace {

// One list on its way through a merge.
class Front {
  public:
    explicit Front(const RecordList& list) noexcept : list_(list) { load(); }

    [[nodiscard]] const std::optional<dns::RecordView>& record() const noexcept { return record_; }

    // Gives the record where it is `wanted`, and steps behind it.
    std::optional<dns::RecordView> take_if(const dns::RecordView& wanted) noexcept {
        if (!record_ || compare_canonical(*record_, wanted) != 0) {
            return std::nullopt;
        }
        const std::optional<dns::RecordView> taken = record_;
        ++index_;
        load();
        return taken;
    }

  private:
    void load() noexcept {
        record_ = index_ < list_.size() ? std::optional{list_[index_]} : std::nullopt;
    }

    const RecordList& list_;
    std::size_t index_ = 0;
    std::optional<dns::RecordView> record_;
};

// The record that comes first in canonical order; nullopt where all fronts are at their end.
std::optional<dns::RecordView> first_of(const std::array<Front, 4>& fronts) noexcept {
    std::optional<dns::RecordView> first;
    for (const Front& front : fronts) {
        if (front.record() && (!first || compare_canonical(*front.record(), *first) < 0)) {
            first = front.record();
        }
    }
    return first;
}

// For each record what it was before `a` and what it is after `b`. The difference that names it
// first tells the one (it was there if removed), that which names it last the other (it is there if
// added).
Diff join(const Diff& a, const Diff& b) {
    Diff joined{a.from, b.to, {}, {}};
    std::array<Front, 4> fronts{Front{a.removed}, Front{a.added}, Front{b.removed}, Front{b.added}};
    while (const std::optional<dns::RecordView> record = first_of(fronts)) {
        const std::optional<dns::RecordView> a_removed = fronts[0].take_if(*record);
        const std::optional<dns::RecordView> a_added = fronts[1].take_if(*record);
        const std::optional<dns::RecordView> b_removed = fronts[2].take_if(*record);
        const std::optional<dns::RecordView> b_added = fronts[3].take_if(*record);
        const bool in_a = a_removed || a_added;
        const bool in_b = b_removed || b_added;
        const std::optional<dns::RecordView>& was = in_a ? a_removed : b_removed;
        const std::optional<dns::RecordView>& is = in_b ? b_added : a_added;
        if (was && is && same_content(*was, *is)) {
            continue;
        }
        if (was) {
            joined.removed.append(*was);
        }
        if (is) {
            joined.added.append(*is);
        }
    }
    return joined;
}

// In halves, so that a record is copied as often as the logarithm of the chain's length.
Diff join_all(std::span<const Diff> chain) {
    if (chain.size() == 1) {
        return chain.front();
    }
    if (chain.size() == 2) {
        return join(chain[0], chain[1]);
    }
    const std::size_t half = chain.size() / 2;
    return join(join_all(chain.first(half)), join_all(chain.subspan(half)));
}

}  // namespace

Result<Diff> condense(std::span<const Diff> chain) {
    TWINZONE_ASSERT(!chain.empty());
    for (std::size_t i = 1; i < chain.size(); ++i) {
        if (!same_rdata(chain[i - 1].to, chain[i].from)) {
            return fail(Errc::transfer_diverged,
                        fmt::format("a difference to serial {} is followed by one from {}",
                                    chain[i - 1].to.serial.value(), chain[i].from.serial.value()));
        }
    }
    return join_all(chain);
}

}  // namespace twinzone::zone
