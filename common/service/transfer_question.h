// One AXFR or IXFR query to one primary and the reading of its answer, message by message, TSIG
// checked first. Knows nothing of times and fallbacks: the Follower does. RFC 5936 §2, RFC 1995 §2
// to §4, RFC 8945 §5.3.1.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "common/dns/tsig.h"
#include "common/service/content_intake.h"
#include "common/service/follower_event.h"
#include "common/transfer/transfer_assembler.h"
#include "common/transfer/transfer_query.h"

namespace twinzone::service {

class TransferQuestion {
  public:
    // `query.ours` set: IXFR. `key` may be null.
    TransferQuestion(transfer::TransferQuery query, dns::TsigKeyPtr key,
                     const transfer::TransferLimits& limits, std::unique_ptr<ContentIntake> intake,
                     Transport transport = Transport::tcp);

    // The signed query, with EDNS or without (TransferQuery::message()). Call once.
    [[nodiscard]] Result<Bytes> message(UnixTime now, bool edns = false,
                                        transfer::Carrier carrier = transfer::Carrier::tcp);

    // The next message of the answer, edited in place. Errors as of TransferAssembler, and tsig_*;
    // Errc::rcode where the primary refuses.
    [[nodiscard]] Result<transfer::TransferProgress> handle_message(std::span<std::uint8_t> message,
                                                                    UnixTime now);

    [[nodiscard]] TransferType asked() const noexcept {
        return ixfr_ ? TransferType::ixfr : TransferType::axfr;
    }
    [[nodiscard]] const transfer::TransferAssembler& assembler() const noexcept {
        return assembler_;
    }
    [[nodiscard]] transfer::TransferAssembler& assembler() noexcept { return assembler_; }
    // It was refused in a way that may mean the EDNS in it.
    [[nodiscard]] bool blames_edns() const noexcept { return edns_ && assembler_.blames_edns(); }
    [[nodiscard]] std::uint64_t message_bytes() const noexcept { return message_bytes_; }

    // Requires: the assembler is done and full().
    [[nodiscard]] std::unique_ptr<zone::RecordStream> take_records() { return intake_->finish(); }

  private:
    transfer::TransferQuery query_;
    bool ixfr_;
    bool edns_ = false;
    std::optional<dns::TsigClient> tsig_;
    std::unique_ptr<ContentIntake> intake_;
    transfer::TransferAssembler assembler_;
    std::uint64_t message_bytes_ = 0;
};

}  // namespace twinzone::service
