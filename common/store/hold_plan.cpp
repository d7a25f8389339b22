#include "common/store/hold_plan.h"

#include <fmt/format.h>

#include "common/store/plan.h"
#include "common/store/zone_record.h"
#include "common/zone/condense.h"
#include "common/zone/diff_pages.h"
#include "common/zone/page.h"

namespace twinzone::store {

namespace {

// Whether NS records stand at the apex, whose records come first of all.
Result<bool> has_apex_ns(const zone::PageTable& pages, dns::NameView apex) {
    Bytes key;
    for (;;) {
        const Result<std::optional<zone::PageTable::Entry>> entry = pages.first_after(key);
        if (!entry) {
            return fail(entry.error());
        }
        if (!*entry) {
            return false;
        }
        key.assign((*entry)->key.begin(), (*entry)->key.end());
        zone::PageReader reader{(*entry)->page};
        for (;;) {
            const Result<std::optional<dns::RecordView>> record = reader.next();
            if (!record) {
                return fail(record.error());
            }
            if (!*record) {
                break;
            }
            if (!((*record)->owner == apex)) {
                return false;
            }
            if ((*record)->type == dns::RrType::ns) {
                return true;
            }
        }
    }
}

void forget_held(HoldPlan& plan) {
    if (plan.record.hold.held) {
        plan.sweep = plan.record.content.item;
        plan.record.hold.held.reset();
        plan.record.content = {};
        plan.changed = true;
    }
}

Failure no_such_version(dns::Serial serial) {
    return fail(Errc::not_found, fmt::format("no version {} is held", serial.value()));
}

Result<void> write_steps(Batch& batch, HoldPlan& plan) {
    // Counts the steps as a zone's record does.
    ZoneRecord numbering;
    numbering.journal = plan.record.content.item.id;
    for (const JournalStep& step : plan.steps) {
        if (Result<void> put = append_step(batch.txn(), numbering, step); !put) {
            return put;
        }
    }
    plan.record.content.steps = static_cast<std::uint32_t>(plan.steps.size());
    return {};
}

Result<void> write_pages(Batch& batch, const HoldPlan& plan) {
    for (const auto& [key, page] : plan.pages) {
        if (Result<void> put = put_page(batch, plan.record.content.item.id, key, *page, true);
            !put) {
            return put;
        }
    }
    return {};
}

}  // namespace

Result<std::optional<Verdict>> judge_diffs(const zone::GuardLimits& limits, std::uint64_t records,
                                           std::span<const zone::Diff> diffs,
                                           const zone::PageTable& after) {
    Verdict verdict;
    if (diffs.size() == 1) {
        verdict.losses = zone::losses_of(diffs.front());
    } else {
        const Result<zone::Diff> joined = zone::condense(diffs);
        if (!joined) {
            return fail(joined.error());
        }
        verdict.losses = zone::losses_of(*joined);
    }
    if (verdict.losses.apex_ns) {
        const Result<bool> has_ns = has_apex_ns(after, diffs.front().from.owner.view());
        if (!has_ns) {
            return fail(has_ns.error());
        }
        verdict.losses.apex_ns = !*has_ns;
    }
    const std::optional<zone::HoldReason> reason = zone::judge(limits, records, verdict.losses);
    if (!reason) {
        return std::optional<Verdict>{};
    }
    verdict.reason = *reason;
    return std::optional{verdict};
}

void hold_version(HoldPlan& plan, const Verdict& verdict, const zone::Version& before,
                  const zone::Version& version, const zone::Commit& commit) {
    release(plan);
    plan.record.hold.held = zone::HeldVersion{.version = version,
                                              .base = before.serial(),
                                              .reason = verdict.reason,
                                              .lost = verdict.losses.records,
                                              .removed = verdict.losses.removed,
                                              .added = verdict.losses.added,
                                              .since = commit.now,
                                              .source = commit.source};
    plan.record.content.base = before.digest;
    plan.changed = true;
}

void release(HoldPlan& plan) {
    forget_held(plan);
    plan.changed = plan.changed || plan.record.hold.rejected.has_value();
    plan.record.hold.rejected.reset();
}

Result<zone::Committed> change_hold(HoldPlan& plan, const zone::Commit& commit) {
    zone::ZoneHold& hold = plan.record.hold;
    if (const auto* freeze = std::get_if<zone::SetFrozen>(&commit.change)) {
        if (freeze->frozen != hold.frozen_since.has_value()) {
            hold.frozen_since = freeze->frozen ? std::optional{commit.now} : std::nullopt;
            plan.changed = true;
        }
    } else {
        const auto& drop = std::get<zone::DropHeld>(commit.change);
        if (hold.held && hold.held->version.serial() == drop.serial) {
            const zone::Version version = hold.held->version;
            forget_held(plan);
            hold.rejected = drop.reject ? std::optional{zone::RejectedVersion{version, commit.now}}
                                        : std::nullopt;
        } else if (!drop.reject && hold.rejected &&
                   hold.rejected->version.serial() == drop.serial) {
            hold.rejected.reset();
            plan.changed = true;
        } else {
            return no_such_version(drop.serial);
        }
    }
    zone::Committed result;
    result.changed = plan.changed;
    return result;
}

Result<void> check_held(const HoldPlan& plan, const zone::PublishHeld& publish,
                        const std::optional<zone::Version>& now) {
    const std::optional<zone::HeldVersion>& held = plan.record.hold.held;
    if (!held || held->version.serial() != publish.serial) {
        return no_such_version(publish.serial);
    }
    if (!now || now->serial() != held->base || now->digest != plan.record.content.base) {
        return fail(Errc::transfer_diverged,
                    fmt::format("the held version {} is a change of serial {}, which is not in "
                                "service any more",
                                publish.serial.value(), held->base.value()));
    }
    return {};
}

Result<std::vector<zone::Diff>> read_held_diffs(const Transaction& txn, const HoldRecord& record) {
    Way way;
    for (std::uint32_t i = 0; i < record.content.steps; ++i) {
        Result<std::optional<StepHead>> head = read_head(txn, record.content.item.id, i);
        if (!head) {
            return fail(std::move(head).error());
        }
        if (!*head) {
            return fail(Errc::store_corrupt, "a difference of the held version is damaged");
        }
        way.steps.push_back(std::move(**head));
    }
    return zone::read_diffs(
        std::make_unique<WayCursor>(txn, record.content.item.id, std::move(way)));
}

std::uint64_t bytes_of(const HoldPlan& plan) noexcept {
    std::uint64_t sum = 0;
    for (const JournalStep& step : plan.steps) {
        sum += step.head.wire_bytes;
    }
    for (const auto& page : plan.pages) {
        sum += page.second ? page.second->size() : 0;
    }
    return sum;
}

Result<void> write_hold(Batch& batch, ByteView zone_key, HoldPlan& plan) {
    if (!plan.changed) {
        return {};
    }
    Result<void> done;
    if (plan.sweep) {
        done = batch.begin_sweep(*plan.sweep);
    }
    if (done && (!plan.steps.empty() || !plan.pages.empty())) {
        const Result<std::uint32_t> id = batch.next_id();
        if (!id) {
            return fail(id.error());
        }
        plan.record.content.item = {
            plan.steps.empty() ? SweepItem::Kind::content : SweepItem::Kind::journal, *id};
        done = plan.steps.empty() ? write_pages(batch, plan) : write_steps(batch, plan);
    }
    return done ? batch.put_hold(zone_key, plan.record) : done;
}

}  // namespace twinzone::store
