#include "common/zone/diff_stream.h"

#include <algorithm>

namespace twinzone::zone {

namespace {

// Octet for octet: what most records of two versions are, and quickly told.
bool identical(const dns::RecordView& a, const dns::RecordView& b) noexcept {
    return a.type == b.type && a.ttl == b.ttl && a.rr_class == b.rr_class &&
           same_bytes(a.owner, b.owner) && a.rdata.size() == b.rdata.size() &&
           std::equal(a.rdata.begin(), a.rdata.end(), b.rdata.begin());
}

}  // namespace

Result<std::optional<dns::RecordView>> DiffStream::next() {
    Result<std::optional<dns::RecordView>> record = after_.next();
    if (!record || !diff_) {
        return record;
    }
    Result<void> done;
    if (!begun_) {
        begun_ = true;
        done = step_before();
    }
    if (done && diff_) {
        done = *record ? compare(**record) : remove_rest();
    }
    if (!done) {
        return fail(std::move(done).error());
    }
    return record;
}

// Requires: diff_.
void DiffStream::keep(RecordList& list, const dns::RecordView& record) {
    list.append(record);
    if (diff_->removed.memory_bytes() + diff_->added.memory_bytes() > max_bytes_) {
        diff_.reset();
    }
}

Result<void> DiffStream::step_before() {
    Result<std::optional<dns::RecordView>> record = before_.next();
    if (!record) {
        if (record.error().code() != Errc::store_corrupt) {
            return fail(std::move(record).error());
        }
        diff_.reset();
        return {};
    }
    at_before_ = *record;
    met_ += at_before_ ? 1 : 0;
    return {};
}

// What stands before `record` is gone.
Result<void> DiffStream::compare(const dns::RecordView& record) {
    while (diff_ && at_before_) {
        if (identical(*at_before_, record)) {
            return step_before();
        }
        const int order = compare_canonical(*at_before_, record);
        if (order > 0) {
            break;
        }
        if (order == 0 && same_content(*at_before_, record)) {
            return step_before();
        }
        keep(diff_->removed, *at_before_);
        Result<void> stepped = step_before();
        if (!stepped) {
            return stepped;
        }
        if (order == 0) {
            break;
        }
    }
    if (diff_) {
        keep(diff_->added, record);
    }
    return {};
}

Result<void> DiffStream::remove_rest() {
    Result<void> stepped;
    while (stepped && diff_ && at_before_) {
        keep(diff_->removed, *at_before_);
        stepped = step_before();
    }
    return stepped;
}

}  // namespace twinzone::zone
