#include "common/zone/guard.h"

#include "common/zone/edit_cursor.h"
#include "common/zone/stream_pair.h"

namespace twinzone::zone {

namespace {

// Counts RRset by RRset: records come in canonical order, so that one is over when the next begins.
class LossCounter {
  public:
    explicit LossCounter(dns::NameView apex) : apex_(apex) {}

    void removed(const dns::RecordView& record) {
        meet(record);
        ++removed_;
        ++losses_.removed;
    }
    void added(const dns::RecordView& record) {
        meet(record);
        ++added_;
        ++losses_.added;
    }
    // In both; only count_losses() knows of such.
    void kept(const dns::RecordView& record) {
        meet(record);
        ++kept_;
    }

    [[nodiscard]] Losses finish() {
        end_rrset();
        return losses_;
    }

  private:
    void meet(const dns::RecordView& record) {
        if (record.type == type_ && record.owner == owner_.view()) {
            return;
        }
        end_rrset();
        owner_ = dns::Name{record.owner};
        type_ = record.type;
    }

    void end_rrset() noexcept {
        if (removed_ > added_) {
            losses_.records += removed_ - added_;
        }
        if (removed_ > 0 && added_ == 0 && kept_ == 0 && type_ == dns::RrType::ns &&
            owner_ == apex_) {
            losses_.apex_ns = true;
        }
        removed_ = 0;
        added_ = 0;
        kept_ = 0;
    }

    dns::Name apex_;
    dns::Name owner_;
    dns::RrType type_{};
    std::uint64_t removed_ = 0;
    std::uint64_t added_ = 0;
    std::uint64_t kept_ = 0;
    Losses losses_;
};

}  // namespace

Losses losses_of(const Diff& diff) {
    LossCounter counter{diff.from.owner.view()};
    for (EditCursor edits{diff}; !edits.done(); edits.step()) {
        if (edits.removes()) {
            counter.removed(edits.record());
        }
        if (edits.adds()) {
            counter.added(edits.added());
        }
    }
    return counter.finish();
}

Result<Losses> count_losses(dns::NameView apex, RecordStream& before, RecordStream& after) {
    LossCounter counter{apex};
    StreamPair pair{before, after};
    Result<void> stepped = pair.step_a();
    if (stepped) {
        stepped = pair.step_b();
    }
    while (stepped && !pair.done()) {
        const int side = pair.side();
        if (side < 0) {
            counter.removed(pair.a());
        } else if (side > 0) {
            counter.added(pair.b());
        } else {
            counter.kept(pair.a());
        }
        stepped = pair.step(side);
    }
    return stepped ? Result<Losses>{counter.finish()} : fail(std::move(stepped).error());
}

std::optional<HoldReason> judge(const GuardLimits& limits, std::uint64_t records,
                                const Losses& losses) noexcept {
    if (losses.apex_ns) {
        return HoldReason::apex_ns;
    }
    if (records < limits.min_records) {
        return std::nullopt;
    }
    // Divided first: no count overflows. What the division leaves over is judged exactly.
    const std::uint64_t allowed =
        records / 100 * limits.max_delete_percent + records % 100 * limits.max_delete_percent / 100;
    return losses.records > allowed ? std::optional{HoldReason::deletions} : std::nullopt;
}

}  // namespace twinzone::zone
