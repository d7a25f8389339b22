#include "common/transfer/transfer_reader.h"

#include <utility>

#include <fmt/format.h>

#include "common/base/assert.h"

namespace twinzone::transfer {

TransferReader::TransferReader(const dns::Name& zone, std::optional<dns::SoaRecord> ours,
                               const TransferLimits& limits)
    : zone_(zone), ours_(std::move(ours)), limits_(limits) {}

Result<Step> TransferReader::step(const dns::RecordView& record) {
    if (Result<void> checked = check_record(record); !checked) {
        return fail(std::move(checked).error());
    }
    if (record.type != dns::RrType::soa) {
        return step_other(record);
    }
    if (!(record.owner == zone_)) {
        return fail(Errc::transfer_malformed,
                    fmt::format("SOA of another owner, {}", record.owner.to_text()));
    }
    Result<dns::SoaRecord> soa = dns::SoaRecord::parse(record);
    if (!soa) {
        return fail(Errc::transfer_malformed, soa.error().detail());
    }
    return step_soa(*std::move(soa));
}

Result<void> TransferReader::check_record(const dns::RecordView& record) {
    if (done()) {
        return fail(Errc::transfer_malformed,
                    fmt::format("record after the closing SOA, {} {}", record.owner.to_text(),
                                to_text(record.type)));
    }
    ++counts_.records;
    counts_.bytes += record.wire_bytes();
    if (limits_.max_records != 0 && counts_.records > limits_.max_records) {
        return fail(
            Errc::transfer_limit,
            fmt::format("more than the limit zone-records of {} records", limits_.max_records));
    }
    if (limits_.max_bytes != 0 && counts_.bytes > limits_.max_bytes) {
        return fail(Errc::transfer_limit,
                    fmt::format("more than the limit zone-bytes of {} octets", limits_.max_bytes));
    }
    if (record.rr_class != dns::RrClass::in) {
        return fail(Errc::transfer_malformed,
                    fmt::format("record of class {} at {}", to_text(record.rr_class),
                                record.owner.to_text()));
    }
    if (is_meta(record.type)) {
        return fail(Errc::transfer_malformed,
                    fmt::format("record of type {}, which no zone has, at {}", to_text(record.type),
                                record.owner.to_text()));
    }
    return {};
}

Result<Step> TransferReader::step_soa(dns::SoaRecord soa) {
    switch (state_) {
        case State::opening:
            last_soa_ = soa;
            target_ = std::move(soa);
            state_ = State::style;
            return Step{};
        case State::style:
            // Only our own serial opens a difference sequence (RFC 1995 §4).
            if (ours_ && soa.serial == ours_->serial && soa.serial != target_->serial) {
                return begin_first_diff(std::move(soa));
            }
            if (ours_ && soa.serial != target_->serial) {
                return fail(Errc::transfer_diverged,
                            fmt::format("differences start at serial {}, ours is {}",
                                        soa.serial.value(), ours_->serial.value()));
            }
            // A zone that is nothing but its SOA.
            return finish(soa, Begin::full);
        case State::full: return finish(soa, Begin::nothing);
        case State::removing: return begin_additions(std::move(soa));
        case State::adding: return end_diff(std::move(soa));
        case State::done: break;
    }
    TWINZONE_UNREACHABLE();  // check_record() refuses records after the end
}

Result<Step> TransferReader::step_other(const dns::RecordView& record) {
    Step step;
    switch (state_) {
        case State::opening:
            return fail(Errc::transfer_malformed,
                        fmt::format("starts with {} {} instead of the SOA", record.owner.to_text(),
                                    to_text(record.type)));
        case State::style:
            // RFC 1995 §4: anything but a SOA here is a full zone, also in answer to IXFR.
            state_ = State::full;
            step = {.begin = Begin::full, .effect = Effect::add};
            break;
        case State::full:
        case State::adding: step.effect = Effect::add; break;
        case State::removing: step.effect = Effect::remove; break;
        case State::done: TWINZONE_UNREACHABLE();
    }
    if (!record.owner.is_at_or_below(zone_)) {
        ++counts_.left_out;
        step.effect = Effect::left_out;
        return step;
    }
    ++(step.effect == Effect::add ? counts_.added : counts_.removed);
    return step;
}

Result<Step> TransferReader::begin_first_diff(dns::SoaRecord soa) {
    // Equal serials with unlike content mean two histories: what follows does not fit what we have.
    if (!same_rdata(soa, *ours_)) {
        return fail(Errc::transfer_diverged,
                    fmt::format("the primary's SOA of serial {} is not ours", soa.serial.value()));
    }
    if (!is_newer(target_->serial, ours_->serial)) {
        return fail(Errc::transfer_diverged,
                    fmt::format("differences from serial {} back to {}", soa.serial.value(),
                                target_->serial.value()));
    }
    last_soa_ = std::move(soa);
    state_ = State::removing;
    ++counts_.diffs;
    return Step{.begin = Begin::diff};
}

Result<Step> TransferReader::begin_additions(dns::SoaRecord soa) {
    // A difference that leads nowhere (BIND 8 sent such) or back would let the chain go in circles.
    if (!is_newer(soa.serial, last_soa_->serial)) {
        return fail(Errc::transfer_diverged,
                    fmt::format("difference from serial {} to {}", last_soa_->serial.value(),
                                soa.serial.value()));
    }
    if (soa.serial == target_->serial) {
        if (!same_rdata(soa, *target_)) {
            return fail(Errc::transfer_malformed,
                        "last difference leads to another SOA than the "
                        "opening one");
        }
    } else if (!is_newer(target_->serial, soa.serial)) {
        return fail(Errc::transfer_diverged,
                    fmt::format("difference to serial {} passes the target {}", soa.serial.value(),
                                target_->serial.value()));
    }
    last_soa_ = std::move(soa);
    state_ = State::adding;
    return Step{.begin = Begin::additions};
}

Result<Step> TransferReader::end_diff(dns::SoaRecord soa) {
    if (soa.serial != last_soa_->serial) {
        return fail(Errc::transfer_diverged,
                    fmt::format("gap between differences: {} and then {}",
                                last_soa_->serial.value(), soa.serial.value()));
    }
    if (soa.serial == target_->serial) {
        return finish(soa, Begin::nothing);
    }
    if (!same_rdata(soa, *last_soa_)) {
        return fail(Errc::transfer_diverged,
                    fmt::format("two SOAs with serial {} in the chain", soa.serial.value()));
    }
    last_soa_ = std::move(soa);
    state_ = State::removing;
    ++counts_.diffs;
    return Step{.begin = Begin::diff};
}

Result<Step> TransferReader::finish(const dns::SoaRecord& soa, Begin begin) {
    if (soa.serial != target_->serial) {
        return fail(Errc::transfer_malformed,
                    fmt::format("zone changed during transfer: began with serial {}, SOA in it or "
                                "at its end has {}",
                                target_->serial.value(), soa.serial.value()));
    }
    if (!same_rdata(soa, *target_)) {
        return fail(Errc::transfer_malformed, "closing SOA is unlike the opening one");
    }
    last_soa_ = soa;
    state_ = State::done;
    return Step{.begin = begin, .effect = Effect::publish};
}

AnswerState TransferReader::at_message_end() const noexcept {
    if (done()) {
        return AnswerState::done;
    }
    if (state_ != State::style || !ours_) {
        return AnswerState::unfinished;
    }
    switch (compare(target_->serial, ours_->serial)) {
        case dns::SerialOrder::equal: return AnswerState::up_to_date;
        case dns::SerialOrder::newer: return AnswerState::newer_exists;
        case dns::SerialOrder::older:
        case dns::SerialOrder::incomparable: return AnswerState::behind;
    }
    TWINZONE_UNREACHABLE();
}

}  // namespace twinzone::transfer
