#include "common/service/soa_question.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/dns/extended_error.h"
#include "common/dns/message.h"
#include "common/service/digest_option.h"

namespace twinzone::service {

namespace {

constexpr std::uint16_t kPayloadBytes = 1232;

bool is_answer_to(const dns::Message& message, std::uint16_t id, const dns::Name& zone) {
    return message.header.qr && message.header.id == id &&
           message.header.opcode == dns::Opcode::query && message.question &&
           message.question->name == zone && message.question->type == dns::RrType::soa &&
           message.question->rr_class == dns::RrClass::in;
}

bool blames_edns(dns::Rcode rcode) {
    return rcode == dns::Rcode::form_err || rcode == dns::Rcode::not_imp ||
           rcode == dns::Rcode::bad_vers;
}

}  // namespace

SoaQuestion::SoaQuestion(const dns::Name& zone, std::uint16_t id, dns::TsigKeyPtr key, bool edns,
                         dns::ClientCookiePtr cookie)
    : zone_(zone), id_(id), edns_(edns), cookie_(std::move(cookie)) {
    if (key) {
        tsig_.emplace(std::move(key));
    }
}

Result<Bytes> SoaQuestion::message(UnixTime now, transfer::Carrier carrier) {
    dns::Message query;
    query.header.id = id_;
    query.question = dns::Question{zone_, dns::RrType::soa, dns::RrClass::in};
    if (edns_) {
        query.edns.emplace();
        query.edns->udp_payload_bytes = kPayloadBytes;
        query.edns->ask_expire();
        if (digest_) {
            service::ask_digest(*query.edns);
        }
        if (cookie_) {
            query.edns->options.push_back(cookie_->option());
        }
    }
    Bytes wire = transfer::to_wire(std::move(query), carrier, tsig_ ? tsig_->reserve_bytes() : 0);
    if (tsig_) {
        if (Result<void> is_signed = tsig_->sign_request(wire, now); !is_signed) {
            return fail(std::move(is_signed).error());
        }
    }
    return wire;
}

Result<std::optional<SoaQuestion::Answer>> SoaQuestion::handle_message(
    std::span<std::uint8_t> message, UnixTime now) {
    if (message.size() < dns::kHeaderBytes || dns::read_header(message.data()).id != id_) {
        return std::optional<Answer>{};
    }
    if (!tsig_) {
        return read(message);
    }
    // Without a question of ours in it, it may be anybody's: only a datagram that looks like the
    // answer may end the exchange.
    Result<std::size_t> checked = tsig_->verify(message, now);
    if (!checked) {
        return fail(std::move(checked).error());
    }
    return read(message.first(*checked));
}

Result<std::optional<SoaQuestion::Answer>> SoaQuestion::read(ByteView bytes) const {
    Result<dns::Message> message = dns::Message::parse(bytes);
    if (!message) {
        return fail(std::move(message).error());
    }
    if (edns_ && cookie_ && !cookie_->accepts(message->edns)) {
        return std::optional<Answer>{};
    }
    const dns::Rcode rcode = message->rcode();
    if (cookie_ && rcode == dns::Rcode::bad_cookie) {  // RFC 7873 §5.3
        return std::optional{Answer{.kind = Answer::Kind::truncated, .soa = {}, .expire = {}}};
    }
    if (edns_ && blames_edns(rcode)) {
        return std::optional{Answer{.kind = Answer::Kind::edns_refused, .soa = {}, .expire = {}}};
    }
    if (rcode != dns::Rcode::no_error) {
        return fail(Errc::rcode,
                    fmt::format("SOA query answered with {}{}", dns::to_text(rcode),
                                message->edns ? extended_errors_text(*message->edns) : ""));
    }
    if (!is_answer_to(*message, id_, zone_)) {
        return std::optional<Answer>{};
    }
    if (message->header.tc) {
        return std::optional{Answer{.kind = Answer::Kind::truncated, .soa = {}, .expire = {}}};
    }
    return read_soa(*message);
}

Result<std::optional<SoaQuestion::Answer>> SoaQuestion::read_soa(
    const dns::Message& message) const {
    const auto at = std::find_if(
        message.answer.begin(), message.answer.end(), [this](const dns::Record& record) {
            return record.type == dns::RrType::soa && record.owner == zone_;
        });
    if (at == message.answer.end()) {
        return fail(Errc::message_unexpected,
                    "SOA query answered without a SOA record of the zone");
    }
    Result<dns::SoaRecord> soa = dns::SoaRecord::parse(at->view());
    if (!soa) {
        return fail(std::move(soa).error());
    }
    return std::optional{
        Answer{.kind = Answer::Kind::soa,
               .soa = std::move(*soa),
               .expire = message.edns ? message.edns->expire() : std::nullopt,
               .is_authoritative = message.header.aa,
               .digest = digest_ && message.edns ? digest_in(*message.edns) : std::nullopt}};
}

}  // namespace twinzone::service
