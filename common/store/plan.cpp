#include "common/store/plan.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/store/content.h"
#include "common/store/record_sorter.h"
#include "common/zone/page_edit.h"
#include "common/zone/page_records.h"
#include "common/zone/version_encoder.h"

namespace twinzone::store {

namespace {

bool identical(const dns::SoaRecord& a, const dns::SoaRecord& b) {
    return dns::same_rdata(a, b) && a.ttl == b.ttl && dns::same_bytes(a.owner, b.owner) &&
           dns::same_bytes(a.mname, b.mname) && dns::same_bytes(a.rname, b.rname);
}

void set_soa(zone::Version& version, const dns::SoaRecord& soa) {
    version.digest.remove(version.soa.record().view());
    version.digest.add(soa.record().view());
    version.soa = soa;
}

// Adds the step from the plan's version before to the one after. Between two versions with one
// serial there is no step that a peer could ask for or understand (RFC 1995 §4): history begins
// anew.
Result<void> add_step(Plan& plan, const zone::Diff& diff, const zone::Commit& commit) {
    if (diff.from.serial == diff.to.serial) {
        plan.cut_history = true;
        plan.steps.clear();
        return {};
    }
    Result<JournalStep> step = encode_step(diff, commit.now, commit.source);
    if (!step) {
        return fail(std::move(step).error());
    }
    plan.steps.push_back(*std::move(step));
    return {};
}

// Applies `diffs`, all or none, to the content of `plan.record`.
Result<void> plan_diffs(const Batch& batch, const zone::Commit& commit,
                        std::span<const zone::Diff> diffs, Plan& plan) {
    const ContentTable table{batch.txn(), plan.record.content};
    zone::PageOverlay overlay{table};
    zone::Version& version = *plan.record.version;
    for (const zone::Diff& diff : diffs) {
        const Result<zone::Applied> applied = zone::apply(diff, overlay, version);
        if (!applied) {
            return fail(applied.error());
        }
        const zone::Diff& exact = applied->exact ? *applied->exact : diff;
        if (Result<void> added = add_step(plan, exact, commit); !added) {
            return added;
        }
        plan.result.removed += applied->removed;
        plan.result.added += applied->added;
        plan.result.already_there += applied->already_there;
        plan.result.changed = true;
    }
    plan.changes = overlay.changes();
    return {};
}

// All pages of the new content, or plan.large.
Result<void> plan_content(zone::ReplaceWith& change, Plan& plan) {
    zone::VersionEncoder encoder{change.soa, *change.records};
    std::uint64_t bytes = 0;
    for (;;) {
        Result<std::optional<zone::EncodedPage>> page = encoder.next();
        if (!page) {
            return fail(std::move(page).error());
        }
        if (!*page) {
            break;
        }
        bytes += (*page)->message.size();
        if (bytes > kGroupedContentBytes) {
            plan.large = true;
            return {};
        }
        plan.changes.insert_or_assign(plan.changes.end(), std::move((*page)->key),
                                      std::move((*page)->message));
    }
    const std::uint64_t before = plan.record.version ? plan.record.version->records - 1 : 0;
    plan.record.version = encoder.version();
    plan.new_content = true;
    plan.cut_history = true;
    plan.result.changed = true;
    plan.result.removed = before;
    plan.result.added = plan.record.version->records - 1;
    return {};
}

// The difference to what is there; nullopt where that is damaged, or differs too much to be kept.
Result<std::optional<zone::Diff>> difference(const Batch& batch, const ZoneRecord& record,
                                             zone::ReplaceWith& change) {
    zone::PageRecords old{std::make_unique<ContentCursor>(batch.txn(), record.content)};
    const std::size_t most =
        std::clamp<std::uint64_t>(record.version->wire_bytes, kMinDiffBytes, kMaxDiffBytes);
    Result<std::optional<zone::Diff>> diff =
        zone::diff(record.version->soa, old, change.soa, *change.records, most);
    if (!diff && diff.error().code() == Errc::store_corrupt) {
        return std::optional<zone::Diff>{};
    }
    return diff;
}

Result<void> plan_replace(const Batch& batch, const zone::Commit& commit, zone::ReplaceWith& change,
                          Plan& plan) {
    auto& stream = static_cast<SortedStream&>(*change.records);
    if (Result<void> rewound = stream.rewind(); !rewound) {
        return rewound;
    }
    if (!plan.record.version) {
        return plan_content(change, plan);
    }
    Result<std::optional<zone::Diff>> diff = difference(batch, plan.record, change);
    if (!diff) {
        return fail(std::move(diff).error());
    }
    if (!*diff) {
        if (Result<void> rewound = stream.rewind(); !rewound) {
            return rewound;
        }
        return plan_content(change, plan);
    }
    if (!(*diff)->empty()) {
        Result<void> planned = plan_diffs(batch, commit, {&**diff, 1}, plan);
        if (!planned && planned.error().code() == Errc::store_corrupt) {
            ZoneRecord record = std::move(plan.record);
            plan = Plan{};
            plan.record = std::move(record);
            return stream.rewind() ? plan_content(change, plan) : planned;
        }
        return planned;
    }
    if (!identical(plan.record.version->soa, change.soa)) {
        set_soa(*plan.record.version, change.soa);
        plan.result.changed = true;
        return add_step(plan, **diff, commit);
    }
    return {};
}

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

Result<void> write_pages(Batch& batch, Plan& plan) {
    ZoneRecord& record = plan.record;
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

}  // namespace

std::uint64_t Plan::bytes() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& change : changes) {
        sum += change.second ? change.second->size() : 0;
    }
    for (const JournalStep& step : steps) {
        sum += step.head.wire_bytes;
    }
    return sum;
}

Result<void> check_base(const zone::Commit& commit, const std::optional<ZoneRecord>& record) {
    std::optional<dns::Serial> now;
    if (record && record->version) {
        now = record->version->serial();
    }
    if (commit.base == now) {
        return {};
    }
    const auto text = [](const std::optional<dns::Serial>& serial) {
        return serial ? fmt::to_string(serial->value()) : std::string{"none"};
    };
    return fail(Errc::transfer_diverged, fmt::format("base serial moved: prepared for {}, now {}",
                                                     text(commit.base), text(now)));
}

Result<Plan> make_plan(const Batch& batch, zone::Commit& commit) {
    const Result<std::optional<ZoneRecord>> record = batch.zone(zone_key(commit.zone));
    if (!record) {
        return fail(record.error());
    }
    if (Result<void> checked = check_base(commit, *record); !checked) {
        return fail(std::move(checked).error());
    }
    Plan plan;
    plan.record = record->value_or(ZoneRecord{});
    Result<void> planned;
    if (auto* replace = std::get_if<zone::ReplaceWith>(&commit.change)) {
        planned = plan_replace(batch, commit, *replace, plan);
    } else if (const auto* apply = std::get_if<zone::ApplyDiffs>(&commit.change)) {
        if (!plan.record.version) {
            return fail(Errc::transfer_diverged, "a difference for a zone without a version");
        }
        planned = plan_diffs(batch, commit, apply->diffs, plan);
    }
    if (!planned) {
        return fail(std::move(planned).error());
    }
    if (commit.timers) {
        plan.record.timers = *commit.timers;
    }
    plan.result.version = plan.record.version;
    return plan;
}

Result<void> write_plan(Batch& batch, ByteView zone_key, const JournalLimits& limits, Plan& plan) {
    Result<void> written = write_pages(batch, plan);
    if (written) {
        written = write_history(batch, limits, plan);
    }
    if (written) {
        written = batch.put_zone(zone_key, plan.record);
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

Result<void> make_replayable(zone::ReplaceWith& change, const std::string& directory) {
    if (dynamic_cast<SortedStream*>(change.records.get()) != nullptr) {
        return {};
    }
    RecordSorter sorter{directory};
    for (;;) {
        const Result<std::optional<dns::RecordView>> record = change.records->next();
        if (!record) {
            return fail(record.error());
        }
        if (!*record) {
            break;
        }
        if (Result<void> added = sorter.add(**record); !added) {
            return added;
        }
    }
    Result<std::unique_ptr<SortedStream>> sorted = sorter.finish();
    if (!sorted) {
        return fail(std::move(sorted).error());
    }
    change.records = *std::move(sorted);
    return {};
}

Result<void> put_page(Batch& batch, std::uint32_t content, ByteView page_key, ByteView page,
                      bool at_end) {
    return put_with_sum(batch.txn(), Table::pages, content_key(content, page_key), page, at_end);
}

}  // namespace twinzone::store
