#include "common/store/large_replace.h"

#include "common/store/record_sorter.h"

namespace twinzone::store {

Result<void> LargeReplace::begin(Batch& batch) {
    auto& change = std::get<zone::ReplaceWith>(commit_.change);
    if (Result<void> rewound = static_cast<SortedStream&>(*change.records).rewind(); !rewound) {
        return rewound;
    }
    encoder_.emplace(change.soa, *change.records);
    pages_.emplace(*encoder_);
    const Result<std::uint32_t> id = batch.next_id();
    if (!id) {
        return fail(id.error());
    }
    content_ = *id;
    return batch.name_unfinished({SweepItem::Kind::content, content_});
}

Result<bool> LargeReplace::write_chunk(Batch& batch) {
    if (!encoder_) {
        if (Result<void> begun = begin(batch); !begun) {
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
    record_ = before->value_or(ZoneRecord{});
    HoldPlan plan;
    plan.record = *std::move(hold);
    Result<void> done = batch.end_sweep({SweepItem::Kind::content, content_});
    if (done) {
        if (verdict_) {
            put_held(plan);
        } else {
            release(plan);
            done = put_zone(batch, key);
        }
    }
    if (done) {
        done = write_hold(batch, key, plan);
    }
    if (plan.changed) {
        hold_ = plan.record.hold;
    }
    return done;
}

void LargeReplace::put_held(HoldPlan& plan) {
    hold_version(plan, *verdict_, *record_.version, encoder_->version(), commit_);
    plan.record.content.item = {SweepItem::Kind::content, content_};
    result_.version = record_.version;
    result_.held = plan.record.hold.held;
}

Result<void> LargeReplace::put_zone(Batch& batch, ByteView key) {
    result_.removed = record_.version ? record_.version->records - 1 : 0;
    Result<void> done = retire_content(batch, record_, content_);
    if (done) {
        done = cut_history(batch, record_);
    }
    if (!done) {
        return done;
    }
    record_.version = encoder_->version();
    record_.source = commit_.source;
    if (commit_.timers) {
        record_.timers = *commit_.timers;
    }
    result_.version = record_.version;
    result_.changed = true;
    result_.added = record_.version->records - 1;
    return batch.put_zone(key, record_);
}

}  // namespace twinzone::store
