#include "common/transfer/transfer_assembler.h"

#include <utility>

#include <fmt/format.h>

#include "common/base/assert.h"
#include "common/dns/extended_error.h"
#include "common/dns/message_reader.h"
#include "common/transfer/transfer_message_check.h"

namespace twinzone::transfer {

TransferAssembler::TransferAssembler(TransferQuery query, Transport transport,
                                     const TransferLimits& limits, RecordSink& sink)
    : query_(std::move(query)),
      transport_(transport),
      limits_(limits),
      sink_(sink),
      reader_(query_.zone, query_.ours, limits) {}

Result<TransferProgress> TransferAssembler::handle_message(ByteView message) {
    Result<dns::MessageReader> reader = dns::MessageReader::open(message);
    if (!reader) {
        return fail(std::move(reader).error());
    }
    const Result<std::optional<dns::Question>> question = reader->question();
    if (!question) {
        return fail(question.error());
    }
    const dns::Header header = reader->header();
    const Result<MessageVerdict> verdict =
        check_transfer_message(query_, transport_, header, *question);
    if (!verdict) {
        return fail(verdict.error());
    }
    if (*verdict == MessageVerdict::error_code) {
        rcode_ = header.rcode;
        read_refusal(*reader);
        return TransferProgress::refused;
    }
    if (*verdict == MessageVerdict::truncated) {
        return TransferProgress::truncated;
    }
    // A stream of empty messages would never reach a limit.
    if (header.ancount == 0) {
        return fail(Errc::transfer_malformed, "a message without records");
    }
    ++messages_;
    not_authoritative_ = not_authoritative_ || !header.aa;
    if (Result<void> read = read_records(*reader); !read) {
        return fail(std::move(read).error());
    }
    const TransferProgress now = progress();
    if (now == TransferProgress::more && transport_ == Transport::udp) {
        return fail(Errc::transfer_malformed, "an answer over UDP that is not whole");
    }
    return now;
}

// What cannot be read of it is passed over: the code says enough.
void TransferAssembler::read_refusal(dns::MessageReader& reader) {
    bool has_opt = false;
    for (Result<std::optional<dns::SectionRecord>> next = reader.next(); next && *next;
         next = reader.next()) {
        if ((*next)->record.type != dns::RrType::opt) {
            continue;
        }
        has_opt = true;
        if (const Result<dns::Edns> edns = dns::Edns::parse((*next)->record)) {
            refused_why_ = extended_errors_text(*edns);
        }
    }
    blames_edns_ = !has_opt && (rcode_ == dns::Rcode::form_err || rcode_ == dns::Rcode::not_imp);
}

Result<void> TransferAssembler::read_records(dns::MessageReader& reader) {
    for (;;) {
        const Result<std::optional<dns::SectionRecord>> next = reader.next();
        if (!next) {
            return fail(next.error());
        }
        if (!next->has_value()) {
            return {};
        }
        const dns::SectionRecord& found = **next;
        if (found.section == dns::Section::answer) {
            if (Result<void> handled = handle_answer(found.record); !handled) {
                return handled;
            }
        } else if (found.record.type == dns::RrType::opt) {
            if (const Result<dns::Edns> edns = dns::Edns::parse(found.record); edns) {
                expire_ = edns->expire();
            }
        }
    }
}

Result<void> TransferAssembler::handle_answer(const dns::RecordView& record) {
    const Result<Step> step = reader_.step(record);
    if (!step) {
        return fail(step.error());
    }
    switch (step->begin) {
        case Begin::nothing: break;
        case Begin::full: full_ = true; break;
        case Begin::diff:
            if (Result<void> opened = open_diff(); !opened) {
                return opened;
            }
            break;
        case Begin::additions: diffs_.back().to = reader_.last_soa(); break;
    }
    switch (step->effect) {
        case Effect::none:
        case Effect::left_out: return {};
        case Effect::remove:
        case Effect::add: return keep(record, step->effect);
        case Effect::publish: close_diff(); return {};
    }
    TWINZONE_UNREACHABLE();
}

Result<void> TransferAssembler::open_diff() {
    close_diff();
    diffs_.emplace_back().from = reader_.last_soa();
    // Each holds two SOAs of some 800 octets: a chain of empty differences is not free.
    diff_bytes_ += sizeof(zone::Diff);
    if (limits_.max_diff_bytes != 0 && diff_bytes_ > limits_.max_diff_bytes) {
        return fail(Errc::limit,
                    fmt::format("differences need more than {} octets", limits_.max_diff_bytes));
    }
    return {};
}

void TransferAssembler::close_diff() {
    if (diffs_.empty()) {
        return;
    }
    zone::Diff& diff = diffs_.back();
    diff.removed.sort_unique();
    diff.added.sort_unique();
    diff_bytes_ += diff.removed.memory_bytes() + diff.added.memory_bytes();
}

Result<void> TransferAssembler::keep(const dns::RecordView& record, Effect effect) {
    if (full_) {
        return sink_.add(record);
    }
    zone::Diff& diff = diffs_.back();
    (effect == Effect::remove ? diff.removed : diff.added).append(record);
    if (limits_.max_diff_bytes != 0 &&
        diff_bytes_ + diff.removed.memory_bytes() + diff.added.memory_bytes() >
            limits_.max_diff_bytes) {
        return fail(Errc::limit,
                    fmt::format("differences need more than {} octets", limits_.max_diff_bytes));
    }
    return {};
}

TransferProgress TransferAssembler::progress() const noexcept {
    switch (reader_.at_message_end()) {
        case AnswerState::unfinished: return TransferProgress::more;
        case AnswerState::done: return TransferProgress::done;
        case AnswerState::up_to_date: return TransferProgress::up_to_date;
        case AnswerState::behind: return TransferProgress::behind;
        case AnswerState::newer_exists: return TransferProgress::newer_exists;
    }
    TWINZONE_UNREACHABLE();
}

TransferCounts TransferAssembler::counts() const noexcept {
    TransferCounts counts = reader_.counts();
    counts.messages = messages_;
    counts.not_authoritative = not_authoritative_;
    return counts;
}

std::vector<zone::Diff> TransferAssembler::take_diffs() {
    TWINZONE_ASSERT(reader_.done() && !full_);
    return std::move(diffs_);
}

}  // namespace twinzone::transfer
