#include "common/service/request.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "common/dns/padding.h"

namespace twinzone::service {

namespace {

// A bare header with the request's ID: all that can be said to a request that could not be read.
Bytes form_error(std::span<const std::uint8_t> request) {
    const dns::Header asked = dns::read_header(request.data());
    Bytes out(dns::kHeaderBytes);
    dns::write_header({.id = asked.id,
                       .qr = true,
                       .opcode = asked.opcode,
                       .rd = asked.rd,
                       .rcode = dns::Rcode::form_err},
                      out.data());
    return out;
}

bool is_request(std::span<const std::uint8_t> bytes) {
    return bytes.size() >= dns::kHeaderBytes && !dns::read_header(bytes.data()).qr;
}

}  // namespace

Request::Outcome Request::read(std::span<std::uint8_t> bytes, const Source& source,
                               const dns::TsigKeyring& keyring, UnixTime now) {
    if (!is_request(bytes)) {
        return {};
    }
    Result<dns::TsigServer> tsig = dns::TsigServer::check(bytes, keyring, now);
    if (!tsig) {
        return {.refusal = form_error(bytes), .reason = std::move(tsig).error()};
    }
    Result<dns::Message> message = dns::Message::parse(bytes.first(tsig->request_bytes()));
    if (!message) {
        return {.refusal = form_error(bytes), .reason = std::move(message).error()};
    }
    const bool signature_refused = tsig->verdict() == dns::TsigServer::Verdict::refused;
    std::optional<Error> reason = tsig->reason();
    Request request{std::move(*message), std::move(*tsig), source};
    if (signature_refused) {
        return {.refusal = request.refuse(dns::Rcode::not_auth, now), .reason = std::move(reason)};
    }
    const std::optional<dns::Edns>& edns = request.message_.edns;
    if (edns && edns->version != 0) {  // RFC 6891 §6.1.3
        dns::Message answer = request.answer(dns::Rcode::no_error);
        answer.edns->extended_rcode =
            static_cast<std::uint8_t>(static_cast<unsigned>(dns::Rcode::bad_vers) >> 4);
        return {.refusal = request.finish(answer, now),
                .reason =
                    Error{Errc::message_malformed, fmt::format("EDNS version {}", edns->version)}};
    }
    return {.request = std::move(request)};
}

std::size_t Request::answer_limit() const noexcept {
    const std::size_t reserve = tsig_.reserve_bytes();
    if (source_.transport == Transport::tcp) {
        return dns::kMaxMessageBytes - reserve;
    }
    std::size_t limit = dns::kPlainUdpBytes;
    if (message_.edns) {  // RFC 6891 §6.2.3: values below 512 count as 512
        limit = std::clamp<std::size_t>(message_.edns->udp_payload_bytes, dns::kPlainUdpBytes,
                                        kUdpPayloadBytes);
    }
    return limit > reserve ? limit - reserve : 0;
}

dns::Message Request::answer(dns::Rcode rcode) const {
    dns::Message out;
    out.header = {.id = message_.header.id,
                  .qr = true,
                  .opcode = message_.header.opcode,
                  .rd = message_.header.rd,
                  .rcode = rcode};
    out.question = message_.question;
    if (message_.edns) {
        out.edns.emplace();
        out.edns->udp_payload_bytes = kUdpPayloadBytes;
        out.edns->dnssec_ok = message_.edns->dnssec_ok;  // RFC 3225 §3: copied
        out.edns->options = standing_;
        if (source_.idle > Duration{0} && message_.edns->has_keepalive()) {
            out.edns->set_keepalive(source_.idle);
        }
    }
    return out;
}

std::optional<Bytes> Request::refuse(dns::Rcode rcode, dns::ExtendedErrorCode code,
                                     std::string_view text, UnixTime now) {
    dns::Message refusal = answer(rcode);
    if (refusal.edns) {
        add_extended_error(*refusal.edns, code, text);
    }
    return finish(refusal, now);
}

bool Request::wants_padding() const noexcept {
    return source_.over_tls && message_.edns &&
           message_.edns->find(dns::EdnsOption::padding) != nullptr;
}

std::optional<Bytes> Request::finish(const dns::Message& answer, UnixTime now) {
    Bytes wire = answer.to_wire(answer_limit());
    if (wants_padding() && answer.edns) {
        dns::pad_message(wire, answer.edns->record().view().wire_bytes(), dns::kAnswerBlockBytes,
                         tsig_.reserve_bytes());
    }
    const std::array<ByteView, 1> parts = {wire};
    Result<Bytes> signature = tsig_.sign(parts, now);
    if (!signature) {
        return std::nullopt;
    }
    if (!signature->empty()) {
        wire.insert(wire.end(), signature->begin(), signature->end());
        store_u16(wire.data() + 10, static_cast<std::uint16_t>(load_u16(wire.data() + 10) + 1));
    }
    return wire;
}

}  // namespace twinzone::service
