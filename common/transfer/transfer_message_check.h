// Checks the frame of every message of a transfer's answer before any record of it is believed:
// RFC 5936 §2.2.1 (header), §2.2.2 (question). Sits between MessageReader and TransferReader.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/result.h"
#include "common/dns/header.h"
#include "common/dns/message_reader.h"
#include "common/transfer/transfer_query.h"

namespace twinzone::transfer {

enum class MessageVerdict : std::uint8_t {
    accepted,    // its answer section is part of the transfer
    error_code,  // the primary says no: the caller chooses the fallback by the header's rcode
    truncated,   // TC: the answer does not fit UDP; ask over TCP
};

// `header` and `question` are those of one answer message. Errc::message_unexpected: it does not
// answer this query (ID, QR, opcode, question; TC over TCP) and the exchange is to be given up.
[[nodiscard]] Result<MessageVerdict> check_transfer_message(
    const TransferQuery& query, Transport transport, const dns::Header& header,
    const std::optional<dns::Question>& question);

}  // namespace twinzone::transfer
