#include "common/transfer/transfer_writer.h"

#include <limits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "common/base/assert.h"
#include "common/dns/padding.h"
#include "common/transfer/answer_builder.h"
#include "common/zone/page_records.h"

namespace twinzone::transfer {

namespace {

Bytes padded(Bytes message, const AnswerOptions& options) {
    if (options.pads && options.edns) {
        dns::pad_message(message, options.edns->record().view().wire_bytes(),
                         dns::kAnswerBlockBytes, options.reserve_bytes);
    }
    return message;
}

// True where the steps lead from `from` to `to` without a gap and always forward: a version that
// was adopted with a lower serial is reached by a full transfer only.
bool leads_forward(const std::vector<zone::HistoryStep>& steps, dns::Serial from, dns::Serial to) {
    for (const zone::HistoryStep& step : steps) {
        if (step.from.serial != from || !is_newer(step.to.serial, from)) {
            return false;
        }
        from = step.to.serial;
    }
    return from == to;
}

std::uint64_t total_wire_bytes(const std::vector<zone::HistoryStep>& steps) {
    std::uint64_t total = 0;
    for (const zone::HistoryStep& step : steps) {
        total += step.wire_bytes;
    }
    return total;
}

}  // namespace

TransferWriter::TransferWriter(std::shared_ptr<const zone::Snapshot> snapshot,
                               TransferRequest request, AnswerOptions options)
    : snapshot_(std::move(snapshot)), request_(std::move(request)), options_(std::move(options)) {}

Result<TransferWriter> TransferWriter::open(std::shared_ptr<const zone::Snapshot> snapshot,
                                            TransferRequest request, AnswerOptions options) {
    TransferWriter writer{std::move(snapshot), std::move(request), std::move(options)};
    if (Result<void> decided = writer.decide(); !decided) {
        return fail(std::move(decided).error());
    }
    return writer;
}

Result<void> TransferWriter::decide() {
    const zone::Version& version = snapshot_->version();
    if (!request_.serial) {
        return answer_with(TransferPlan::full, PlanReason::asked, version.wire_bytes);
    }
    switch (compare(version.serial(), *request_.serial)) {
        case dns::SerialOrder::equal: answer_single(PlanReason::client_current); return {};
        case dns::SerialOrder::older: answer_single(PlanReason::client_ahead); return {};
        case dns::SerialOrder::newer: return decide_incremental(*request_.serial);
        case dns::SerialOrder::incomparable: break;
    }
    // RFC 1982 leaves this undefined; one SOA would leave the client where it is for ever.
    return answer_with(TransferPlan::full, PlanReason::no_history, version.wire_bytes);
}

Result<void> TransferWriter::decide_incremental(dns::Serial from) {
    const zone::Version& version = snapshot_->version();
    const Result<std::optional<std::vector<zone::HistoryStep>>> steps = snapshot_->history(from);
    if (!steps) {
        return fail(steps.error());
    }
    if (!steps->has_value() || !leads_forward(**steps, from, version.serial())) {
        return answer_with(TransferPlan::full, PlanReason::no_history, version.wire_bytes);
    }
    std::uint64_t bytes = total_wire_bytes(**steps);
    if ((*steps)->size() > 1) {
        if (Result<void> considered = consider_condensing(from, bytes); !considered) {
            return considered;
        }
        bytes = condensed_ ? condensed_->bytes() : bytes;
    }
    if (bytes > version.wire_bytes && bytes > kSmallChainBytes) {
        condensed_.reset();
        return answer_with(TransferPlan::full, PlanReason::history_larger, version.wire_bytes);
    }
    return answer_with(TransferPlan::incremental,
                       condensed_ ? PlanReason::condensed : PlanReason::asked, bytes);
}

// Small chains are left alone, unless only one difference may fit the datagram.
Result<void> TransferWriter::consider_condensing(dns::Serial from, std::uint64_t chain_bytes) {
    const bool too_large_for_udp =
        options_.transport == Transport::udp && chain_bytes > options_.max_message_bytes;
    if (chain_bytes > kMaxCondensedBytes ||
        (chain_bytes <= kSmallChainBytes && !too_large_for_udp)) {
        return {};
    }
    Result<CondensedHistory> condensed = CondensedHistory::make(*snapshot_, from);
    if (!condensed) {
        return fail(std::move(condensed).error());
    }
    if (too_large_for_udp || condensed->bytes() * kCondensedShare < chain_bytes) {
        condensed_ = *std::move(condensed);
    }
    return {};
}

Result<void> TransferWriter::answer_with(TransferPlan plan, PlanReason reason,
                                         std::uint64_t wire_bytes) {
    plan_ = plan;
    reason_ = reason;
    const bool udp = options_.transport == Transport::udp;
    // Over UDP only a whole difference sequence is of use; one SOA sends the client to TCP
    // (RFC 1995 §2).
    if (udp && plan == TransferPlan::full) {
        answer_single(PlanReason::too_large_for_udp);
        return {};
    }
    if (wire_bytes <= kOneMessageBytes) {
        Result<std::optional<Bytes>> whole = encode_whole();
        if (!whole) {
            return fail(std::move(whole).error());
        }
        whole_ = *std::move(whole);
    }
    if (whole_) {
        return {};
    }
    if (udp) {
        answer_single(PlanReason::too_large_for_udp);
        return {};
    }
    Result<std::unique_ptr<zone::PageCursor>> opened = cursor();
    if (!opened) {
        return fail(std::move(opened).error());
    }
    cursor_ = *std::move(opened);
    return {};
}

void TransferWriter::answer_single(PlanReason reason) {
    plan_ = TransferPlan::single_soa;
    reason_ = reason;
    whole_ = encode_soa();
}

Result<std::unique_ptr<zone::PageCursor>> TransferWriter::cursor() const {
    if (plan_ == TransferPlan::full) {
        return snapshot_->pages();
    }
    if (condensed_) {
        return condensed_->pages();
    }
    Result<std::unique_ptr<zone::PageCursor>> pages = snapshot_->history_pages(*request_.serial);
    if (pages && *pages == nullptr) {
        return fail(Errc::store_corrupt, "the journal lists steps that it does not have");
    }
    return pages;
}

// nullopt where it does not fit one message.
Result<std::optional<Bytes>> TransferWriter::encode_whole() const {
    Result<std::unique_ptr<zone::PageCursor>> pages = cursor();
    if (!pages) {
        return fail(std::move(pages).error());
    }
    const dns::Record soa = snapshot_->version().soa.record();
    const std::size_t opt =
        options_.edns ? options_.edns->record().view().wire_bytes() : std::size_t{0};
    const std::size_t kept_free = options_.reserve_bytes + opt + soa.view().wire_bytes();
    AnswerBuilder builder{request_};
    builder.add(soa.view());
    zone::PageRecords records{*std::move(pages)};
    for (;;) {
        const Result<std::optional<dns::RecordView>> record = records.next();
        if (!record) {
            return fail(record.error());
        }
        if (!record->has_value()) {
            break;
        }
        if (builder.size() + (*record)->wire_bytes() + kept_free > options_.max_message_bytes) {
            return std::optional<Bytes>{};
        }
        builder.add(**record);
    }
    builder.add(soa.view());
    return std::optional<Bytes>{padded(builder.finish(options_.edns), options_)};
}

Bytes TransferWriter::encode_soa() const {
    AnswerBuilder builder{request_};
    builder.add(snapshot_->version().soa.record().view());
    return padded(builder.finish(options_.edns), options_);
}

Result<std::optional<OutMessage>> TransferWriter::next() {
    if (state_ == State::end) {
        return std::optional<OutMessage>{};
    }
    if (state_ == State::first && whole_) {
        state_ = State::end;
        return count({.head = *std::exchange(whole_, std::nullopt), .body = {}, .tail = {}});
    }
    if (state_ == State::first) {
        Result<std::optional<ByteView>> page = cursor_->next();
        if (!page) {
            return fail(std::move(page).error());
        }
        page_ = *page;
        state_ = page_ ? State::pages : State::closing;
        return count({.head = encode_soa(), .body = {}, .tail = {}});
    }
    if (state_ == State::pages) {
        return next_page();
    }
    state_ = State::end;
    OutMessage closing{.head = Bytes(dns::kHeaderBytes), .body = {}, .tail = {}};
    dns::Header header = answer_header(request_);
    header.ancount = 1;
    append_plain(snapshot_->version().soa.record().view(), closing.tail);
    pad_last(closing, header);
    write_header(header, closing.head.data());
    return count(std::move(closing));
}

Result<std::optional<OutMessage>> TransferWriter::next_page() {
    const ByteView page = *page_;
    Result<std::optional<ByteView>> following = cursor_->next();
    if (!following) {
        return fail(std::move(following).error());
    }
    page_ = *following;
    if (page.size() <= dns::kHeaderBytes) {
        return fail(Errc::store_corrupt, "a page without records");
    }
    if (page.size() + options_.reserve_bytes > options_.max_message_bytes) {
        return fail(Errc::limit, fmt::format("a page of {} octets does not fit a message of {}",
                                             page.size(), options_.max_message_bytes));
    }
    OutMessage message{
        .head = Bytes(dns::kHeaderBytes), .body = page.subspan(dns::kHeaderBytes), .tail = {}};
    dns::Header header = answer_header(request_);
    header.ancount = dns::read_header(page.data()).ancount;
    if (!page_) {
        Bytes closing;
        append_plain(snapshot_->version().soa.record().view(), closing);
        const bool fits =
            header.ancount < std::numeric_limits<std::uint16_t>::max() &&
            page.size() + closing.size() + options_.reserve_bytes <= options_.max_message_bytes;
        state_ = fits ? State::end : State::closing;
        if (fits) {
            message.tail = std::move(closing);
            ++header.ancount;
            pad_last(message, header);
        }
    }
    write_header(header, message.head.data());
    return count(std::move(message));
}

// An OPT record of nothing but padding: how long the zone is stays within a block. The pages before
// are as they are: each has its size from the store.
void TransferWriter::pad_last(OutMessage& message, dns::Header& header) const {
    if (!options_.pads || !options_.edns) {
        return;
    }
    dns::Edns bare;
    bare.udp_payload_bytes = options_.edns->udp_payload_bytes;
    Bytes opt;
    append_plain(bare.record().view(), opt);
    dns::pad_record(opt, message.size(), dns::kAnswerBlockBytes, options_.reserve_bytes);
    if (message.size() + opt.size() + options_.reserve_bytes <= options_.max_message_bytes) {
        message.tail.insert(message.tail.end(), opt.begin(), opt.end());
        ++header.arcount;
    }
}

std::optional<OutMessage> TransferWriter::count(OutMessage message) {
    ++messages_;
    bytes_ += message.size();
    return message;
}

}  // namespace twinzone::transfer
