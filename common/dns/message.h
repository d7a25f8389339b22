// A small DNS message as a value: queries, SOA answers, NOTIFY. Zone content never passes through
// it (see MessageReader and common/zone/page.h for that).
#pragma once

#include <optional>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/dns/edns.h"
#include "common/dns/header.h"
#include "common/dns/message_reader.h"
#include "common/dns/record.h"

namespace twinzone::dns {

// OPT is taken out of the additional section into `edns`. TSIG must have been checked and taken off
// before (tsig.h); one that is still there stands in `additional`.
struct Message {
    Header header;  // counts are those of the content below when written
    std::optional<Question> question;
    std::vector<Record> answer;
    std::vector<Record> authority;
    std::vector<Record> additional;
    std::optional<Edns> edns;

    // The whole message. Errc::message_malformed with the reason; limit: kMaxMessageRecords records
    // (more than any query or SOA answer has).
    [[nodiscard]] static Result<Message> parse(ByteView bytes);

    // Wire form with compression, at most `limit` octets: where it does not fit, the answer,
    // authority and additional records are left out, TC is set, question and OPT stay (RFC 2181
    // §9).
    [[nodiscard]] Bytes to_wire(std::size_t limit = kMaxMessageBytes) const;

    // 12-bit code: the header's and EDNS's parts together (RFC 6891 §6.1.3).
    [[nodiscard]] Rcode rcode() const noexcept;
};

inline constexpr std::size_t kMaxMessageRecords = 256;

}  // namespace twinzone::dns
