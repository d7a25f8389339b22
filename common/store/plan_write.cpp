// The writing half of a plan: pages, history, the zone's record, what holds it back.

#include "common/store/plan.h"

namespace twinzone::store {

namespace {

// How many of the plan's last steps fit the limits by themselves.
std::size_t steps_that_fit(const Plan& plan, const JournalLimits& limits, std::uint64_t allowed) {
    std::uint64_t bytes = 0;
    std::size_t count = 0;
    for (auto step = plan.steps.rbegin(); step != plan.steps.rend(); ++step) {
        bytes += step->head.wire_bytes;
        if (bytes > allowed || count == limits.max_versions) {
            break;
        }
        ++count;
    }
    return count;
}

// Makes room for the plan's steps within the limits: the oldest go first.
Result<void> trim(Batch& batch, const Plan& plan, const JournalLimits& limits, ZoneRecord& record) {
    const std::uint64_t allowed = allowed_bytes(limits, record.version->wire_bytes);
    std::uint64_t coming = 0;
    for (const JournalStep& step : plan.steps) {
        coming += step.head.wire_bytes;
    }
    while (record.first_step != record.next_step &&
           (record.next_step - record.first_step + plan.steps.size() > limits.max_versions ||
            record.journal_bytes + coming > allowed)) {
        const Result<bool> dropped = drop_oldest_step(batch.txn(), record);
        if (!dropped) {
            return fail(dropped.error());
        }
        if (!*dropped) {
            return cut_history(batch, record);
        }
    }
    return {};
}

}  // namespace

Result<void> write_history(Batch& batch, const JournalLimits& limits, Plan& plan) {
    ZoneRecord& record = plan.record;
    if (plan.steps.empty() && !plan.cut_history) {
        return {};
    }
    const std::uint64_t allowed = allowed_bytes(limits, record.version->wire_bytes);
    const std::size_t fit = steps_that_fit(plan, limits, allowed);
    const bool cut = plan.cut_history || fit < plan.steps.size();
    plan.steps.erase(plan.steps.begin(), plan.steps.end() - static_cast<std::ptrdiff_t>(fit));
    Result<void> done = cut ? cut_history(batch, record) : trim(batch, plan, limits, record);
    if (done && !plan.steps.empty() && record.journal == 0) {
        const Result<std::uint32_t> id = batch.next_id();
        if (!id) {
            return fail(id.error());
        }
        record.journal = *id;
    }
    for (auto step = plan.steps.begin(); done && step != plan.steps.end(); ++step) {
        done = append_step(batch.txn(), record, *step);
    }
    return done;
}

namespace {

Result<void> write_pages(Batch& batch, Plan& plan) {
    ZoneRecord& record = plan.record;
    if (plan.content) {
        plan.hold.sweep.reset();  // it is in use from now on
        return retire_content(batch, record, *plan.content);
    }
    if (plan.new_content || (record.content == 0 && !plan.changes.empty())) {
        const Result<std::uint32_t> id = batch.next_id();
        if (!id) {
            return fail(id.error());
        }
        if (Result<void> retired = retire_content(batch, record, *id); !retired) {
            return retired;
        }
    }
    for (const auto& [key, page] : plan.changes) {
        if (page) {
            if (Result<void> put = put_page(batch, record.content, key, *page, plan.new_content);
                !put) {
                return put;
            }
        } else if (const Result<bool> erased =
                       batch.txn().erase(Table::pages, content_key(record.content, key));
                   !erased) {
            return fail(erased.error());
        }
    }
    return {};
}

Result<void> write_zone(Batch& batch, ByteView zone_key, const JournalLimits& limits, Plan& plan) {
    Result<void> written = write_pages(batch, plan);
    if (written) {
        written = write_history(batch, limits, plan);
    }
    return written ? batch.put_zone(zone_key, plan.record) : written;
}

}  // namespace

Result<void> write_plan(Batch& batch, ByteView zone_key, const JournalLimits& limits, Plan& plan) {
    Result<void> written;
    if (plan.writes_zone) {
        written = write_zone(batch, zone_key, limits, plan);
    }
    if (written) {
        written = write_hold(batch, zone_key, plan.hold);
    }
    if (written) {
        batch.count_written(plan.bytes());
    }
    return written;
}

Result<void> retire_content(Batch& batch, ZoneRecord& record, std::uint32_t content) {
    if (record.content != 0) {
        if (Result<void> swept = batch.begin_sweep({SweepItem::Kind::content, record.content});
            !swept) {
            return swept;
        }
    }
    record.content = content;
    return {};
}

Result<void> cut_history(Batch& batch, ZoneRecord& record) {
    if (record.journal != 0 && record.first_step != record.next_step) {
        if (Result<void> swept = batch.begin_sweep({SweepItem::Kind::journal, record.journal});
            !swept) {
            return swept;
        }
        record.journal = 0;
    }
    record.first_step = record.next_step;
    record.journal_bytes = 0;
    return {};
}

Result<void> put_page(Batch& batch, std::uint32_t content, ByteView page_key, ByteView page,
                      bool at_end) {
    return put_with_sum(batch.txn(), Table::pages, content_key(content, page_key), page, at_end);
}

}  // namespace twinzone::store
