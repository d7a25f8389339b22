#include "common/store/plan.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "common/store/comparison.h"
#include "common/store/content.h"
#include "common/store/record_sorter.h"
#include "common/zone/page_edit.h"
#include "common/zone/version_encoder.h"

namespace twinzone::store {

namespace {

// Of records, which is more than what they are in pages: for that many, none are tried.
constexpr std::uint64_t kSurelyLargeOctets = 8 * kGroupedContentBytes;

bool identical(const dns::SoaRecord& a, const dns::SoaRecord& b) {
    return dns::same_rdata(a, b) && a.ttl == b.ttl && dns::same_bytes(a.owner, b.owner) &&
           dns::same_bytes(a.mname, b.mname) && dns::same_bytes(a.rname, b.rname);
}

void set_soa(zone::Version& version, const dns::SoaRecord& soa) {
    version.digest.remove(version.soa.record().view());
    version.digest.add(soa.record().view());
    version.soa = soa;
}

// The differences themselves are kept: approved, they are applied as if they had come then.
Result<void> keep_steps(const zone::Commit& commit, std::span<const zone::Diff> diffs, Plan& plan) {
    for (const zone::Diff& diff : diffs) {
        Result<JournalStep> step = encode_step(diff, commit.now, commit.source);
        if (!step) {
            return fail(std::move(step).error());
        }
        plan.hold.steps.push_back(*std::move(step));
    }
    return {};
}

// Differences of fewer records are not worth a second thread.
constexpr std::size_t kInTwoRecords = 2000;

// The pages of a zone's content for a second thread, as the last commit left them.
class PagesAgain {
  public:
    // Nothing where this batch has changed the zone, or reading is not possible.
    static std::unique_ptr<PagesAgain> of(const Batch& batch, ByteView zone_key,
                                          std::uint32_t content) {
        const Result<std::shared_ptr<const ReadTransaction>> txn = batch.read_before();
        if (!txn) {
            return nullptr;
        }
        const Result<std::optional<ByteView>> before = (*txn)->get(Table::zones, zone_key);
        const Result<std::optional<ByteView>> now = batch.txn().get(Table::zones, zone_key);
        const bool same = before && now && *before && *now && std::ranges::equal(**before, **now);
        return same ? std::unique_ptr<PagesAgain>{new PagesAgain{*txn, content}} : nullptr;
    }

    [[nodiscard]] const zone::PageTable& table() const noexcept { return table_; }

  private:
    PagesAgain(std::shared_ptr<const ReadTransaction> txn, std::uint32_t content) noexcept
        : txn_(std::move(txn)), table_(*txn_, content) {}

    std::shared_ptr<const ReadTransaction> txn_;
    ContentTable table_;
};

Result<zone::Applied> apply_one(const Batch& batch, const zone::Commit& commit,
                                const zone::Diff& diff, zone::PageOverlay& overlay,
                                ZoneRecord& record) {
    zone::Version& version = *record.version;
    if (diff.removed.size() + diff.added.size() < kInTwoRecords) {
        return zone::apply(diff, overlay, version);
    }
    const std::unique_ptr<PagesAgain> again =
        PagesAgain::of(batch, zone_key(commit.zone), record.content);
    if (!again) {
        return zone::apply(diff, overlay, version);
    }
    const Result<std::unique_ptr<zone::ApplyInTwo>> in_two =
        zone::ApplyInTwo::begin(diff, overlay, again->table(), version);
    if (!in_two || !*in_two) {
        return in_two ? zone::apply(diff, overlay, version) : fail(in_two.error());
    }
    std::thread other{[&] { (*in_two)->run_back(); }};
    (*in_two)->run_front();
    other.join();
    return (*in_two)->finish(overlay, version);
}

// Applies `diffs`, all or none, to the content of `plan.record`.
Result<void> plan_diffs(const Batch& batch, const zone::Commit& commit,
                        std::span<const zone::Diff> diffs, Plan& plan) {
    const ContentTable table{batch.txn(), plan.record.content};
    zone::PageOverlay overlay{table};
    zone::Version& version = *plan.record.version;
    const std::uint64_t records = version.records;
    std::vector<zone::Diff> judged;
    for (const zone::Diff& diff : diffs) {
        const Result<zone::Applied> applied = apply_one(batch, commit, diff, overlay, plan.record);
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
        if (commit.guard) {
            judged.push_back(exact);
        }
    }
    plan.changes = overlay.changes();
    if (!judged.empty()) {
        Result<std::optional<Verdict>> verdict =
            judge_diffs(*commit.guard, records, judged, overlay);
        if (!verdict) {
            return fail(std::move(verdict).error());
        }
        plan.verdict = *verdict;
    }
    return plan.verdict ? keep_steps(commit, diffs, plan) : Result<void>{};
}

// All pages of the new content, or plan.large.
Result<void> plan_content(zone::ReplaceWith& change, Plan& plan) {
    if (static_cast<SortedStream&>(*change.records).octets() > kSurelyLargeOctets) {
        plan.large = true;
        return {};
    }
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

Result<void> plan_replace(const Batch& batch, const zone::Commit& commit, zone::ReplaceWith& change,
                          Plan& plan) {
    auto& stream = static_cast<SortedStream&>(*change.records);
    if (Result<void> rewound = stream.rewind(); !rewound) {
        return rewound;
    }
    if (!plan.record.version) {
        return plan_content(change, plan);
    }
    Result<Difference> difference = find_difference(batch.txn(), plan.record, change);
    if (!difference) {
        return fail(std::move(difference).error());
    }
    if (difference->much) {
        plan.large = true;
        plan.compares = true;
        return {};
    }
    std::optional<zone::Diff>& diff = difference->diff;
    if (!diff) {
        if (commit.guard) {
            const Result<std::optional<Verdict>> verdict =
                judge_content(batch.txn(), commit, plan.record);
            if (!verdict) {
                return fail(verdict.error());
            }
            plan.verdict = *verdict;
        }
        Result<void> rewound = stream.rewind();
        return rewound ? plan_content(change, plan) : rewound;
    }
    if (!diff->empty()) {
        Result<void> planned = plan_diffs(batch, commit, {&*diff, 1}, plan);
        if (!planned && planned.error().code() == Errc::store_corrupt) {
            ZoneRecord record = std::move(plan.record);
            HoldPlan hold = std::move(plan.hold);
            plan = Plan{};
            plan.record = std::move(record);
            plan.hold = std::move(hold);
            return stream.rewind() ? plan_content(change, plan) : planned;
        }
        return planned;
    }
    if (!identical(plan.record.version->soa, change.soa)) {
        set_soa(*plan.record.version, change.soa);
        plan.result.changed = true;
        return add_step(plan, *diff, commit);
    }
    return {};
}

Result<void> plan_publish(const Batch& batch, const zone::Commit& commit,
                          const zone::PublishHeld& publish, Plan& plan) {
    if (Result<void> checked = check_held(plan.hold, publish, plan.record.version); !checked) {
        return checked;
    }
    const HoldRecord& held = plan.hold.record;
    if (held.content.item.kind == SweepItem::Kind::journal) {
        const Result<std::vector<zone::Diff>> diffs = read_held_diffs(batch.txn(), held);
        return diffs ? plan_diffs(batch, commit, *diffs, plan) : fail(diffs.error());
    }
    plan.content = held.content.item.id;
    plan.record.version = held.hold.held->version;
    plan.cut_history = true;
    plan.result.changed = true;
    plan.result.removed = held.hold.held->removed;
    plan.result.added = held.hold.held->added;
    return {};
}

Result<void> plan_change(const Batch& batch, zone::Commit& commit, Plan& plan) {
    if (std::holds_alternative<zone::TouchTimers>(commit.change)) {
        return {};
    }
    if (plan.hold.record.hold.frozen_since) {
        return fail(Errc::zone_frozen, "the zone is frozen");
    }
    if (auto* replace = std::get_if<zone::ReplaceWith>(&commit.change)) {
        return plan_replace(batch, commit, *replace, plan);
    }
    if (!plan.record.version) {
        return fail(Errc::transfer_diverged, "a difference for a zone without a version");
    }
    if (const auto* apply = std::get_if<zone::ApplyDiffs>(&commit.change)) {
        return plan_diffs(batch, commit, apply->diffs, plan);
    }
    return plan_publish(batch, commit, std::get<zone::PublishHeld>(commit.change), plan);
}

// What the guard stopped: the zone stays as it was.
void keep_back(const zone::Commit& commit, const ZoneRecord& before, Plan& plan) {
    hold_version(plan.hold, *plan.verdict, *before.version, *plan.record.version, commit);
    if (plan.new_content) {
        plan.hold.pages = std::move(plan.changes);
    }
    plan.record = before;
    plan.writes_zone = false;
    plan.new_content = false;
    plan.changes.clear();
    plan.cut_history = false;
    plan.steps.clear();
    plan.result = zone::Committed{};
    plan.result.version = before.version;
    plan.result.held = plan.hold.record.hold.held;
}

Result<Plan> plan_hold(const zone::Commit& commit, Plan plan) {
    Result<zone::Committed> result = change_hold(plan.hold, commit);
    if (!result) {
        return fail(std::move(result).error());
    }
    plan.writes_zone = false;
    plan.result = *std::move(result);
    plan.result.version = plan.record.version;
    return plan;
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
    return sum + bytes_of(hold);
}

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
    const Bytes key = zone_key(commit.zone);
    const Result<std::optional<ZoneRecord>> record = batch.zone(key);
    Result<HoldRecord> hold = batch.hold(key);
    if (!record || !hold) {
        return fail(!record ? record.error() : hold.error());
    }
    Plan plan;
    plan.record = record->value_or(ZoneRecord{});
    plan.hold.record = *std::move(hold);
    if (std::holds_alternative<zone::DropHeld>(commit.change) ||
        std::holds_alternative<zone::SetFrozen>(commit.change)) {
        return plan_hold(commit, std::move(plan));
    }
    if (Result<void> checked = check_base(commit, *record); !checked) {
        return fail(std::move(checked).error());
    }
    Result<void> planned = plan_change(batch, commit, plan);
    if (!planned) {
        return fail(std::move(planned).error());
    }
    if (plan.large) {
        return plan;
    }
    if (commit.expected && plan.record.version->digest != *commit.expected) {
        return fail(Errc::transfer_diverged,
                    "the content is not the one whose ZONEMD or signatures were checked");
    }
    if (plan.verdict) {
        keep_back(commit, **record, plan);
        return plan;
    }
    if (plan.result.changed) {
        release(plan.hold);
        plan.record.source = commit.source;
    }
    if (commit.timers) {
        plan.record.timers = *commit.timers;
    }
    plan.result.version = plan.record.version;
    return plan;
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

}  // namespace twinzone::store
