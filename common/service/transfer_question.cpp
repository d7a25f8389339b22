#include "common/service/transfer_question.h"

#include <fmt/format.h>

namespace twinzone::service {

TransferQuestion::TransferQuestion(transfer::TransferQuery query, dns::TsigKeyPtr key,
                                   const transfer::TransferLimits& limits,
                                   std::unique_ptr<ContentIntake> intake, Transport transport)
    : query_(query),
      ixfr_(query.ours.has_value()),
      intake_(std::move(intake)),
      assembler_(std::move(query), transport, limits, *intake_) {
    if (key) {
        tsig_.emplace(std::move(key));
    }
}

Result<Bytes> TransferQuestion::message(UnixTime now, bool edns, transfer::Carrier carrier) {
    edns_ = edns;
    Bytes wire =
        transfer::to_wire(query_.message(edns), carrier, tsig_ ? tsig_->reserve_bytes() : 0);
    if (tsig_) {
        if (Result<void> is_signed = tsig_->sign_request(wire, now); !is_signed) {
            return fail(std::move(is_signed).error());
        }
    }
    return wire;
}

Result<transfer::TransferProgress> TransferQuestion::handle_message(std::span<std::uint8_t> message,
                                                                    UnixTime now) {
    message_bytes_ += message.size();
    if (tsig_) {
        Result<std::size_t> checked = tsig_->verify(message, now);
        if (!checked) {
            return fail(std::move(checked).error());
        }
        message = message.first(*checked);
    }
    Result<transfer::TransferProgress> progress = assembler_.handle_message(message);
    if (!progress) {
        return progress;
    }
    if (*progress == transfer::TransferProgress::refused) {
        return fail(Errc::rcode,
                    fmt::format("{} answered with {}{}", ixfr_ ? "IXFR" : "AXFR",
                                dns::to_text(assembler_.rcode()), assembler_.refused_why()));
    }
    const bool ends = *progress != transfer::TransferProgress::more &&
                      *progress != transfer::TransferProgress::newer_exists;
    if (ends && tsig_ && !tsig_->last_was_signed()) {  // RFC 8945 §5.3.1
        return fail(Errc::tsig_missing, "the last message of the transfer is not signed");
    }
    return progress;
}

}  // namespace twinzone::service
