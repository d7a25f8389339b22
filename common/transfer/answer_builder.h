// Builds one answer message by encoding records: the question as it was asked, records, OPT. For
// the small messages of a transfer; pages do not pass through it.
#pragma once

#include "common/base/bytes.h"
#include "common/dns/compressor.h"
#include "common/dns/edns.h"
#include "common/dns/record.h"
#include "common/transfer/transfer_query.h"

namespace twinzone::transfer {

// The header of every message of an answer: the query's ID, QR, AA (RFC 5936 §2.2.1).
[[nodiscard]] dns::Header answer_header(const TransferRequest& request) noexcept;

// About 24 KB; not thread-safe. Borrows the request.
class AnswerBuilder {
  public:
    explicit AnswerBuilder(const TransferRequest& request);

    void add(const dns::RecordView& record);

    // Octets so far, header and question included, OPT not.
    [[nodiscard]] std::size_t size() const noexcept { return message_.size(); }
    [[nodiscard]] std::uint16_t records() const noexcept { return records_; }

    // The message, with OPT where given. Call once.
    [[nodiscard]] Bytes finish(const std::optional<dns::Edns>& edns);

  private:
    const TransferRequest& request_;
    dns::Compressor compressor_;
    Bytes message_;
    std::uint16_t records_ = 0;
};

// A record without compression: what may stand behind a page.
void append_plain(const dns::RecordView& record, Bytes& out);

}  // namespace twinzone::transfer
