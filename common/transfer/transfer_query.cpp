#include "common/transfer/transfer_query.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/dns/padding.h"

namespace twinzone::transfer {

dns::Message TransferQuery::message(bool edns) const {
    dns::Message message;
    message.header.id = id;
    message.question = dns::Question{zone, type(), dns::RrClass::in};
    if (ours) {
        message.authority.push_back(ours->record());
    }
    if (edns) {
        message.edns.emplace();
        message.edns->ask_expire();
    }
    return message;
}

Bytes to_wire(dns::Message query, Carrier carrier, std::size_t more) {
    if (!query.edns || carrier == Carrier::udp) {
        return query.to_wire();
    }
    query.edns->ask_keepalive();
    Bytes wire = query.to_wire();
    if (carrier == Carrier::tls) {
        dns::pad_message(wire, query.edns->record().view().wire_bytes(), dns::kQueryBlockBytes,
                         more);
    }
    return wire;
}

bool is_transfer_query(const dns::Message& query) noexcept {
    return !query.header.qr && query.header.opcode == dns::Opcode::query && query.question &&
           (query.question->type == dns::RrType::axfr || query.question->type == dns::RrType::ixfr);
}

namespace {

Result<dns::Serial> client_serial(const dns::Message& query) {
    if (query.authority.size() != 1 || query.authority[0].type != dns::RrType::soa ||
        !(query.authority[0].owner == query.question->name)) {
        return fail(Errc::message_malformed, "IXFR without the zone's SOA in authority");
    }
    Result<dns::SoaRecord> soa = dns::SoaRecord::parse(query.authority[0].view());
    if (!soa) {
        return fail(std::move(soa).error());
    }
    return soa->serial;
}

}  // namespace

Result<TransferRequest> TransferRequest::parse(const dns::Message& query, Transport transport) {
    if (!is_transfer_query(query)) {
        return fail(Errc::message_malformed, "not a question for a zone transfer");
    }
    if (query.question->rr_class != dns::RrClass::in) {
        return fail(Errc::message_malformed,
                    fmt::format("zone transfer of class {}", to_text(query.question->rr_class)));
    }
    TransferRequest request;
    request.id = query.header.id;
    request.recursion_desired = query.header.rd;
    request.question = *query.question;
    if (query.edns) {
        request.edns = true;
        request.asks_expire = query.edns->has_expire();
        // RFC 6891 §6.2.3: values below 512 mean 512.
        request.udp_payload_bytes =
            std::max<std::size_t>(query.edns->udp_payload_bytes, dns::kPlainUdpBytes);
    }
    if (query.question->type == dns::RrType::ixfr) {
        Result<dns::Serial> serial = client_serial(query);
        if (!serial) {
            return fail(std::move(serial).error());
        }
        request.serial = *serial;
    } else if (transport == Transport::udp) {
        return fail(Errc::message_malformed, "AXFR over UDP");
    }
    return request;
}

}  // namespace twinzone::transfer
