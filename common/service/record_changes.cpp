#include "common/service/record_changes.h"

#include "common/zone/record_list.h"

namespace twinzone::service {

namespace {

bool is_there(const std::optional<dns::RecordView>& record) {
    return record && record->rr_class != kAbsent;
}

Result<void> step(zone::RecordStream& stream, std::optional<dns::RecordView>& record) {
    Result<std::optional<dns::RecordView>> next = stream.next();
    if (!next) {
        return fail(std::move(next).error());
    }
    record = *next;
    return {};
}

}  // namespace

Result<void> RecordChanges::advance() {
    if (taken_ != Take::to) {
        if (Result<void> done = step(from_, old_); !done) {
            return done;
        }
    }
    if (taken_ != Take::from) {
        if (Result<void> done = step(to_, new_); !done) {
            return done;
        }
    }
    const int order = !new_ ? -1 : !old_ ? 1 : zone::compare_canonical(*old_, *new_);
    taken_ = order == 0 ? Take::both : order < 0 ? Take::from : Take::to;
    return {};
}

std::optional<Change> RecordChanges::change() const {
    Change change;
    if (taken_ != Take::to && is_there(old_)) {
        change.removed = old_;
    }
    if (taken_ != Take::from && is_there(new_)) {
        change.added = new_;
    }
    if (!change.removed && !change.added) {
        return std::nullopt;
    }
    if (change.removed && change.added) {
        const bool is_same = sameness_ == Sameness::octets
                                 ? zone::same_content(*change.removed, *change.added)
                                 : change.removed->ttl == change.added->ttl;
        return is_same ? std::nullopt : std::optional{change};
    }
    return change;
}

Result<std::optional<Change>> RecordChanges::next() {
    for (;;) {
        if (Result<void> advanced = advance(); !advanced) {
            return fail(std::move(advanced).error());
        }
        if (!old_ && !new_) {
            return std::optional<Change>{};
        }
        if (const std::optional<Change> found = change()) {
            return found;
        }
    }
}

}  // namespace twinzone::service
