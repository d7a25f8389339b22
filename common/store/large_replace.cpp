#include "common/store/large_replace.h"

#include "common/store/comparison.h"
#include "common/store/content.h"
#include "common/store/record_sorter.h"
#include "common/zone/diff_stream.h"
#include "common/zone/page_records.h"

namespace twinzone::store {

// The old content, read beside the new one.
struct LargeReplace::Comparison {
    Comparison(std::shared_ptr<const ReadTransaction> read, const ZoneRecord& before,
               zone::ReplaceWith& change)
        : txn(std::move(read)),
          old(std::make_unique<ContentCursor>(*txn, before.content)),
          old_ahead(old),
          stream(before.version->soa, old_ahead, change.soa, *change.records,
                 max_diff_bytes(*before.version)) {}

    std::shared_ptr<const ReadTransaction> txn;
    zone::PageRecords old;
    RecordsAhead old_ahead;
    zone::DiffStream stream;
};

LargeReplace::LargeReplace(zone::Commit& commit, const Options& options) noexcept
    : commit_(commit), options_(options) {}
LargeReplace::~LargeReplace() = default;

Result<void> LargeReplace::begin(const EnvironmentPtr& env, Batch& batch) {
    auto& change = std::get<zone::ReplaceWith>(commit_.change);
    if (Result<void> rewound = static_cast<SortedStream&>(*change.records).rewind(); !rewound) {
        return rewound;
    }
    if (options_.compares) {
        if (Result<void> begun = begin_comparison(env, batch); !begun) {
            return begun;
        }
    }
    const Result<std::uint32_t> id = batch.next_id();
    if (!id) {
        return fail(id.error());
    }
    content_ = *id;
    encoder_.emplace(change.soa, comparison_ ? comparison_->stream : *change.records);
    pages_.emplace(*encoder_);
    return batch.name_unfinished({SweepItem::Kind::content, content_});
}

// The zone's other commits wait until this one is over: the old content stays the same.
Result<void> LargeReplace::begin_comparison(const EnvironmentPtr& env, const Batch& batch) {
    const Result<std::optional<ZoneRecord>> before = batch.zone(zone_key(commit_.zone));
    if (!before) {
        return fail(before.error());
    }
    if (Result<void> checked = check_base(commit_, *before); !checked) {
        return checked;
    }
    Result<std::shared_ptr<const ReadTransaction>> txn = ReadTransaction::begin(env);
    if (!txn) {
        return fail(std::move(txn).error());
    }
    comparison_ = std::make_unique<Comparison>(*std::move(txn), **before,
                                               std::get<zone::ReplaceWith>(commit_.change));
    return {};
}

Result<bool> LargeReplace::write_chunk(const EnvironmentPtr& env, Batch& batch) {
    if (!encoder_) {
        if (Result<void> begun = begin(env, batch); !begun) {
            return fail(std::move(begun).error());
        }
    }
    while (batch.written() < kLargeChunkBytes) {
        const Result<std::vector<zone::EncodedPage>> pages = pages_->next();
        if (!pages) {
            return fail(pages.error());
        }
        const bool last = pages->empty();
        if (Result<void> put = last ? finish(batch) : put_pages(batch, *pages); !put) {
            return fail(std::move(put).error());
        }
        if (last) {
            return true;
        }
    }
    return false;
}

Result<void> LargeReplace::put_pages(Batch& batch, const std::vector<zone::EncodedPage>& pages) {
    for (const zone::EncodedPage& page : pages) {
        Result<void> put = batch.room_for(page.message.size());
        if (put) {
            put = put_page(batch, content_, page.key, page.message, true);
        }
        if (!put) {
            return put;
        }
        batch.count_written(page.message.size());
    }
    return {};
}

Result<void> LargeReplace::finish(Batch& batch) {
    const Bytes key = zone_key(commit_.zone);
    const Result<std::optional<ZoneRecord>> before = batch.zone(key);
    Result<HoldRecord> hold = batch.hold(key);
    if (!before || !hold) {
        return fail(!before ? before.error() : hold.error());
    }
    if (Result<void> checked = check_base(commit_, *before); !checked) {
        return checked;
    }
    if (commit_.expected && encoder_->version().digest != *commit_.expected) {
        return fail(Errc::transfer_diverged,
                    "the content is not the one whose ZONEMD or signatures were checked");
    }
    Plan plan;
    plan.record = before->value_or(ZoneRecord{});
    plan.hold.record = *std::move(hold);
    plan.verdict = options_.verdict;
    std::optional<zone::Diff> diff;
    Result<void> done = batch.end_sweep({SweepItem::Kind::content, content_});
    if (done && comparison_) {
        done = judge(batch, plan, diff);
    }
    if (done) {
        done = plan.verdict ? put_held(batch, plan, diff) : put_zone(batch, plan, diff);
    }
    if (done) {
        done = write_hold(batch, key, plan.hold);
    }
    if (plan.hold.changed) {
        hold_ = plan.hold.record.hold;
    }
    record_ = std::move(plan.record);
    return done;
}

// What the comparison came to. `diff` stays empty where there is none, or it is too large.
Result<void> LargeReplace::judge(const Batch& batch, Plan& plan, std::optional<zone::Diff>& diff) {
    diff = comparison_->stream.take_diff();
    if (!commit_.guard) {
        return {};
    }
    Result<std::optional<Verdict>> verdict =
        diff ? judge_diffs(*commit_.guard, plan.record.version->records, {&*diff, 1},
                           ContentTable{batch.txn(), content_})
             : judge_content(batch.txn(), commit_, plan.record);
    if (!verdict) {
        return fail(std::move(verdict).error());
    }
    plan.verdict = *verdict;
    return {};
}

// A difference is kept as one, and applied when it is approved: history goes on then.
Result<void> LargeReplace::put_held(Batch& batch, Plan& plan,
                                    const std::optional<zone::Diff>& diff) {
    hold_version(plan.hold, *plan.verdict, *plan.record.version, encoder_->version(), commit_);
    result_.version = plan.record.version;
    result_.held = plan.hold.record.hold.held;
    const SweepItem content{SweepItem::Kind::content, content_};
    if (!diff) {
        plan.hold.record.content.item = content;
        return {};
    }
    Result<JournalStep> step = encode_step(*diff, commit_.now, commit_.source);
    if (!step) {
        return fail(std::move(step).error());
    }
    plan.hold.steps.push_back(*std::move(step));
    Result<void> done = batch.room_for(plan.bytes());
    return done ? batch.begin_sweep(content) : done;
}

Result<void> LargeReplace::put_zone(Batch& batch, Plan& plan,
                                    const std::optional<zone::Diff>& diff) {
    release(plan.hold);
    ZoneRecord& record = plan.record;
    result_.removed = diff             ? diff->removed.size()
                      : record.version ? record.version->records - 1
                                       : 0;
    record.version = encoder_->version();
    record.source = commit_.source;
    if (commit_.timers) {
        record.timers = *commit_.timers;
    }
    result_.version = record.version;
    result_.changed = true;
    result_.added = diff ? diff->added.size() : record.version->records - 1;
    plan.cut_history = !diff;
    Result<void> done = diff ? add_step(plan, *diff, commit_) : Result<void>{};
    if (done && commit_.shared && !plan.steps.empty()) {
        step_pages_ = plan.steps.front().pages;
    }
    if (done) {
        done = batch.room_for(plan.bytes());
    }
    if (done) {
        done = retire_content(batch, record, content_);
    }
    if (done) {
        done = write_history(batch, options_.limits, plan);
    }
    return done ? batch.put_zone(zone_key(commit_.zone), record) : done;
}

}  // namespace twinzone::store
