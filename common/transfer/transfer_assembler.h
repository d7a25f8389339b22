// One transfer in: whole answer messages go in, a new version comes out, either as records in a
// sink or as difference sequences. Nothing of it is of use before the answer is done: a cut
// transfer is thrown away whole (RFC 5936 §6).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/bytes.h"
#include "common/dns/message_reader.h"
#include "common/transfer/record_sink.h"
#include "common/transfer/transfer_query.h"
#include "common/transfer/transfer_reader.h"
#include "common/zone/diff.h"

namespace twinzone::transfer {

enum class TransferProgress : std::uint8_t {
    more,          // the next message
    done,          // full(): the sink has the records of soa(); else take_diffs()
    up_to_date,    // the primary has our serial
    behind,        // the primary's serial is older than ours, or incomparable
    newer_exists,  // only a newer SOA so far: see AnswerState
    truncated,     // UDP: ask over TCP
    refused,       // rcode() says why
};

// Not thread-safe; one per query; dead after an error or any progress but `more` and
// `newer_exists`.
class TransferAssembler {
  public:
    // The sink gets the records of a full transfer; it outlives this object.
    TransferAssembler(TransferQuery query, Transport transport, const TransferLimits& limits,
                      RecordSink& sink);

    // One message of the answer, its TSIG checked and taken off. Errors: the peer's (message_*,
    // transfer_*), Errc::limit where the differences take more memory than allowed (ask for a full
    // transfer), or the sink's.
    [[nodiscard]] Result<TransferProgress> handle_message(ByteView message);

    [[nodiscard]] bool full() const noexcept { return full_; }
    [[nodiscard]] const dns::SoaRecord* soa() const noexcept { return reader_.target(); }
    [[nodiscard]] dns::Rcode rcode() const noexcept { return rcode_; }

    // Refused: what the primary says of it beside the code (dns::extended_errors_text()), and
    // whether it may be EDNS that it does not know (RFC 6891 §7).
    [[nodiscard]] const std::string& refused_why() const noexcept { return refused_why_; }
    [[nodiscard]] bool blames_edns() const noexcept { return blames_edns_; }

    // EDNS EXPIRE of the answer, where the primary gave one (RFC 7314 §4).
    [[nodiscard]] std::optional<seconds> expire() const noexcept { return expire_; }

    [[nodiscard]] TransferCounts counts() const noexcept;

    // Oldest first; each in canonical order. Requires: done and not full(). Call once.
    [[nodiscard]] std::vector<zone::Diff> take_diffs();

  private:
    Result<void> handle_answer(const dns::RecordView& record);
    Result<void> read_records(dns::MessageReader& reader);
    Result<void> open_diff();
    void close_diff();
    Result<void> keep(const dns::RecordView& record, Effect effect);
    TransferProgress progress() const noexcept;
    void read_refusal(dns::MessageReader& reader);

    TransferQuery query_;
    Transport transport_;
    TransferLimits limits_;
    RecordSink& sink_;
    TransferReader reader_;
    bool full_ = false;
    bool not_authoritative_ = false;
    std::uint64_t messages_ = 0;
    std::uint64_t diff_bytes_ = 0;  // of closed diffs
    std::vector<zone::Diff> diffs_;
    dns::Rcode rcode_ = dns::Rcode::no_error;
    std::string refused_why_;
    bool blames_edns_ = false;
    std::optional<seconds> expire_;
};

}  // namespace twinzone::transfer
