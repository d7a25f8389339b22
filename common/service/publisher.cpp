#include "common/service/publisher.h"

#include <iterator>

#include <fmt/format.h>

#include "common/service/digest_option.h"
#include "common/service/soa_signatures.h"

namespace twinzone::service {

namespace {

using Code = dns::ExtendedErrorCode;

constexpr std::string_view kNoSuchZone = "no such zone here";
constexpr std::string_view kNotAllowed = "not allowed by allow-transfer";
constexpr std::string_view kExpired = "the zone has expired";
constexpr std::string_view kNoVersion = "the zone has no version yet";

Publisher::Answer as_answer(std::optional<Bytes> message) {
    return message ? Publisher::Answer{std::move(*message)} : Publisher::Answer{};
}

// Why a NOTIFY is refused, as the receiver's RCODEs say it.
struct NotifyError {
    Code code{};
    std::string_view text;
};

std::optional<NotifyError> error_of(dns::Rcode rcode) {
    switch (rcode) {
        case dns::Rcode::not_auth:
            return NotifyError{Code::not_authoritative, "no zone that is followed here"};
        case dns::Rcode::refused:
            return NotifyError{Code::prohibited, "not allowed by allow-notify"};
        case dns::Rcode::not_imp:
            return NotifyError{Code::not_supported, "only NOTIFY of SOA is served"};
        default: return std::nullopt;
    }
}

std::string described(const Request& request) {
    return fmt::format(
        "{} for {}{}", dns::to_text(request.question().type), request.question().name.to_text(),
        request.key() ? fmt::format(", key {}", request.key()->name().to_text()) : std::string{});
}

}  // namespace

Publisher::Publisher(zone::VersionStore& store, dns::TsigKeyring keyring, SecondaryView* view,
                     std::uint32_t max_transfers, dns::NameTablePtr names)
    : store_(store),
      keyring_(std::move(keyring)),
      view_(view),
      max_transfers_(max_transfers),
      names_(std::move(names)) {}

void Publisher::put_zone(dns::NameView zone, transfer::AccessRules allow_transfer) {
    const transfer::AccessRules rules =
        allow_transfer.shared() ? std::move(allow_transfer)
                                : transfer::AccessRules{std::vector<transfer::AccessRule>{}};
    zones_.set(names_->add(zone), rules.shared());
}

void Publisher::remove_zone(dns::NameView zone) {
    zones_.set(names_->add(zone), nullptr);
}

bool Publisher::is_ours(dns::NameView zone) const noexcept {
    const std::optional<std::uint32_t> number = names_->find(zone);
    return number && zones_[*number];
}

transfer::AccessRules Publisher::rules_of(dns::NameView zone) const noexcept {
    const std::optional<std::uint32_t> number = names_->find(zone);
    return number ? transfer::AccessRules{zones_[*number]} : transfer::AccessRules{};
}

Publisher::Answer Publisher::answer(Now now, const Source& source, std::span<std::uint8_t> bytes) {
    Request::Outcome outcome = Request::read(bytes, source, keyring_, now.unix);
    if (outcome.reason) {
        note({.peer = source.peer,
              .kind = RefusalKind::bad_request,
              .text = outcome.reason->detail(),
              .fault = outcome.reason->code()});
    }
    if (!outcome.request) {
        return as_answer(std::move(outcome.refusal));
    }
    if (!answer_standing_options(now, *outcome.request)) {  // RFC 7873 §5.2.2
        return as_answer(outcome.request->refuse(dns::Rcode::form_err, Code::other,
                                                 "a cookie of a wrong length", now.unix));
    }
    return route(now, *outcome.request);
}

// What every answer says where it is asked, whatever becomes of the request: who we are, and the
// cookie by which we know the client's address next time. False where the cookie is none.
bool Publisher::answer_standing_options(Now now, Request& request) const {
    if (!request.message().edns) {
        return true;
    }
    const dns::Edns& asked = *request.message().edns;
    if (!nsid_.empty() && asked.find(dns::EdnsOption::nsid) != nullptr) {
        const ByteView name = as_bytes(nsid_);
        request.say_in_answers({dns::EdnsOption::nsid, Bytes{name.begin(), name.end()}});
    }
    const dns::Edns::Option* cookie = asked.find(dns::EdnsOption::cookie);
    if (!cookies_ || cookie == nullptr) {
        return true;
    }
    std::optional<Bytes> ours =
        cookies_->answer(cookie->value, request.source().peer.address, now.unix);
    if (ours) {
        request.say_in_answers({dns::EdnsOption::cookie, std::move(*ours)});
    }
    return ours.has_value();
}

Publisher::Answer Publisher::route(Now now, Request& request) {
    const dns::Message& message = request.message();
    if (message.header.opcode != dns::Opcode::query &&
        message.header.opcode != dns::Opcode::notify) {
        return as_answer(request.refuse(dns::Rcode::not_imp, Code::not_supported,
                                        "only QUERY and NOTIFY are served here", now.unix));
    }
    if (!message.question) {  // RFC 9619: exactly one; more never get here
        return as_answer(request.refuse(dns::Rcode::form_err, now.unix));
    }
    return message.header.opcode == dns::Opcode::notify ? answer_notify(now, request)
                                                        : answer_query(now, request);
}

Publisher::Answer Publisher::answer_query(Now now, Request& request) {
    if (request.question().rr_class != dns::RrClass::in) {
        return refuse(now, request,
                      {.rcode = dns::Rcode::refused,
                       .kind = RefusalKind::not_served,
                       .code = Code::not_supported,
                       .told = "class is not IN"});
    }
    switch (request.question().type) {
        case dns::RrType::soa: return answer_soa(now, request);
        case dns::RrType::axfr:
        case dns::RrType::ixfr: return answer_transfer(now, request);
        default:
            return refuse(
                now, request,
                {.rcode = dns::Rcode::refused,
                 .kind = RefusalKind::not_served,
                 .code = is_within_a_zone(request.question().name) ? Code::not_supported
                                                                   : Code::not_authoritative,
                 .told = "only SOA, AXFR and IXFR are answered here"});
    }
}

Publisher::Answer Publisher::answer_notify(Now now, Request& request) {
    if (view_ == nullptr) {
        return refuse(now, request,
                      {.rcode = dns::Rcode::not_auth,
                       .kind = RefusalKind::not_served,
                       .code = Code::not_authoritative,
                       .told = "NOTIFY for a zone we are the primary of, or not serving"});
    }
    const std::optional<dns::Rcode> rcode =
        view_->handle_notify(now, request.message(), request.peer(), request.source().peer);
    if (!rcode) {
        return {};
    }
    dns::Message answer = request.answer(*rcode);
    answer.header.aa = *rcode == dns::Rcode::no_error;
    if (const std::optional<NotifyError> error = error_of(*rcode); error && answer.edns) {
        add_extended_error(*answer.edns, error->code, error->text);
    }
    // The follower tells of zones that it follows.
    const bool followed = is_ours(request.question().name);
    if (*rcode != dns::Rcode::no_error && (!followed || *rcode == dns::Rcode::not_auth)) {
        note({.peer = request.source().peer,
              .kind = RefusalKind::notify_refused,
              .text =
                  fmt::format("NOTIFY refused: {}, {}", described(request), dns::to_text(*rcode))});
    }
    return as_answer(request.finish(answer, now.unix));
}

// Anyone may ask for the SOA: that a zone exists is no secret.
Publisher::Answer Publisher::answer_soa(Now now, Request& request) {
    const dns::Name& name = request.question().name;
    if (!is_ours(name)) {
        return refuse(now, request,
                      {.rcode = dns::Rcode::refused,
                       .kind = RefusalKind::unknown_zone,
                       .code = Code::not_authoritative,
                       .told = kNoSuchZone});
    }
    const zone::ZoneState* state = store_.find(name);
    const bool has_expired = is_expired(now, name);
    if (state == nullptr || !state->version || has_expired) {
        return answer_unavailable(now, request, has_expired);
    }
    note_contact(request, std::nullopt);
    dns::Message answer = request.answer(dns::Rcode::no_error);
    answer.header.aa = true;
    answer.answer.push_back(state->version->soa.record());
    if (answer.edns && answer.edns->dnssec_ok) {
        add_signatures(name, answer.answer);
    }
    answer_zone_options(now, request, *state->version, answer.edns);
    answer_digest(request, *state->version, answer.edns);
    return as_answer(request.finish(answer, now.unix));
}

Publisher::Answer Publisher::answer_transfer(Now now, Request& request) {
    Result<transfer::TransferRequest> asked =
        transfer::TransferRequest::parse(request.message(), request.source().transport);
    if (!asked) {
        return refuse(now, request,
                      {.rcode = dns::Rcode::form_err,
                       .kind = RefusalKind::unavailable,
                       .code = request.source().transport == Transport::udp ? Code::not_supported
                                                                            : Code::other,
                       .told = asked.error().detail()});
    }
    const dns::Name& name = request.question().name;
    if (!is_ours(name)) {  // RFC 5936 §2.2.1
        return refuse(now, request,
                      {.rcode = dns::Rcode::not_auth,
                       .kind = RefusalKind::unknown_zone,
                       .code = Code::not_authoritative,
                       .told = kNoSuchZone});
    }
    if (!rules_of(name).allows(request.peer())) {
        const std::string& objection = request.source().objection;
        return refuse(now, request,
                      {.rcode = dns::Rcode::refused,
                       .kind = RefusalKind::denied,
                       .code = Code::prohibited,
                       .told = kNotAllowed,
                       .why = objection.empty()
                                  ? std::string{}
                                  : fmt::format("{}; certificate: {}", kNotAllowed, objection)});
    }
    note_contact(request, asked->serial);
    const bool has_expired = is_expired(now, name);
    const zone::ZoneState* state = store_.find(name);
    if (state == nullptr || !state->version || has_expired) {
        return answer_unavailable(now, request, has_expired);
    }
    Result<std::shared_ptr<const zone::Snapshot>> snapshot = store_.snapshot(name);
    if (!snapshot) {
        return refuse(now, request, trouble_with_store(snapshot.error()));
    }
    return start_transfer(now, request, std::move(*asked), std::move(*snapshot));
}

Publisher::Answer Publisher::start_transfer(Now now, Request& request,
                                            transfer::TransferRequest asked,
                                            std::shared_ptr<const zone::Snapshot> snapshot) {
    const Source source = request.source();
    const bool is_full = source.transport == Transport::tcp && transfers_ >= max_transfers_;
    if (is_full && (room_ == nullptr || !room_->make_room())) {
        return refuse(now, request,
                      {.rcode = dns::Rcode::serv_fail,
                       .kind = RefusalKind::quota,
                       .code = Code::other,
                       .told = "transfers-out is reached"});
    }
    transfer::AnswerOptions options;
    options.transport = source.transport;
    options.reserve_bytes = request.tsig().reserve_bytes();
    options.max_message_bytes = request.answer_limit() + options.reserve_bytes;
    options.edns = request.answer(dns::Rcode::no_error).edns;
    options.pads = request.wants_padding();
    answer_zone_options(now, request, snapshot->version(), options.edns);
    const std::optional<dns::Serial> from = asked.serial;
    const dns::Serial serial = snapshot->version().serial();
    Result<transfer::TransferWriter> writer =
        transfer::TransferWriter::open(std::move(snapshot), std::move(asked), std::move(options));
    if (!writer) {
        return refuse(now, request, trouble_with_store(writer.error()));
    }
    auto transfer =
        std::make_unique<OutgoingTransfer>(std::move(request), from, serial, std::move(*writer));
    if (source.transport == Transport::tcp) {
        ++transfers_;
        return transfer;
    }
    const Result<std::optional<WireMessage>> only = transfer->next(now.unix);
    if (!only || !*only) {
        return {};
    }
    Bytes message = (*only)->message();
    if (transfer->writer().reason() != transfer::PlanReason::too_large_for_udp) {
        datagram_ = std::move(transfer);
    }
    return message;
}

// A zone of ours without a version, or one that may not be served any more. Where its primaries
// could not be asked, that is said too, but not who they are.
Publisher::Answer Publisher::answer_unavailable(Now now, Request& request, bool has_expired) {
    dns::Message answer = request.answer(dns::Rcode::serv_fail);
    if (answer.edns) {
        if (has_expired) {
            add_extended_error(*answer.edns, Code::expired_content, kExpired);
        } else {
            add_extended_error(*answer.edns, Code::not_ready, kNoVersion);
        }
        const std::optional<Errc> fault =
            view_ == nullptr ? std::nullopt : view_->last_fault(request.question().name);
        if (fault == Errc::peer_unreachable) {
            add_extended_error(*answer.edns, Code::no_reachable_authority, {});
        } else if (fault == Errc::network) {
            add_extended_error(*answer.edns, Code::network_error, {});
        }
    }
    if (request.question().type != dns::RrType::soa) {
        note_refusal(request, RefusalKind::unavailable,
                     std::string{has_expired ? kExpired : kNoVersion});
    }
    return as_answer(request.finish(answer, now.unix));
}

Publisher::Denial Publisher::trouble_with_store(const Error& error) {
    return {.rcode = dns::Rcode::serv_fail,
            .kind = RefusalKind::unavailable,
            .code = Code::other,
            .told = "the store cannot be read",
            .why = error.detail()};
}

Publisher::Answer Publisher::refuse(Now now, Request& request, const Denial& denial) {
    note_refusal(request, denial.kind, denial.why.empty() ? std::string{denial.told} : denial.why);
    return as_answer(request.refuse(denial.rcode, denial.code, denial.told, now.unix));
}

void Publisher::note_refusal(const Request& request, RefusalKind kind, const std::string& why) {
    const dns::Question& question = request.question();
    Refusal refusal{.peer = request.source().peer,
                    .kind = kind,
                    .text = fmt::format("refused: {}: {}", described(request), why)};
    const bool transfer = question.type == dns::RrType::axfr || question.type == dns::RrType::ixfr;
    if (transfer && is_ours(question.name)) {
        refusal.zone = question.name;
        refusal.key = request.key() ? request.key()->name().to_text() : std::string{};
        refusal.over_tls = request.source().over_tls;
        refusal.why = why;
        refusal.type = question.type;
    }
    note(std::move(refusal));
}

void Publisher::note(Refusal refusal) {
    if (refusals_.size() < kMaxRefusals) {
        refusals_.push_back(std::move(refusal));
    }
}

void Publisher::note_contact(const Request& request, std::optional<dns::Serial> serial) {
    if (contacts_.size() < kMaxContacts) {
        contacts_.push_back({.zone = request.question().name,
                             .peer = request.source().peer,
                             .key = request.key(),
                             .type = request.question().type,
                             .serial = serial});
    }
}

// What is asked about the zone.
void Publisher::answer_zone_options(Now now, const Request& request, const zone::Version& version,
                                    std::optional<dns::Edns>& edns) const {
    if (!edns) {
        return;
    }
    // RFC 7314 §3.2: a primary says the SOA's EXPIRE, a secondary what is left of it.
    if (request.message().edns->has_expire()) {
        const std::optional<seconds> left =
            view_ == nullptr ? std::nullopt : view_->expires_in(now, version.soa.owner);
        edns->set_expire(left.value_or(version.soa.expire));
    }
    if (request.message().edns->find(dns::EdnsOption::zoneversion) != nullptr) {
        edns->set_zone_version(version.soa.owner, version.serial());
    }
}

// The signatures over the SOA (RFC 4035 §3.1.1): some secondaries compare them where serials are
// equal. A store that cannot be read leaves them out; a transfer will say why.
void Publisher::add_signatures(const dns::Name& zone, std::vector<dns::Record>& answer) {
    const Result<std::shared_ptr<const zone::Snapshot>> snapshot = store_.snapshot(zone);
    if (!snapshot) {
        return;
    }
    Result<std::vector<dns::Record>> signatures = soa_signatures(**snapshot);
    if (signatures) {
        std::move(signatures->begin(), signatures->end(), std::back_inserter(answer));
    }
}

bool Publisher::is_within_a_zone(dns::NameView name) const {
    while (!is_ours(name)) {
        if (name.is_root()) {
            return false;
        }
        name = name.parent();
    }
    return true;
}

// To nobody but who may have the content, and has proved to be who it is.
void Publisher::answer_digest(const Request& request, const zone::Version& version,
                              std::optional<dns::Edns>& edns) const {
    const bool is_proved = request.key() != nullptr || request.source().over_tls;
    if (edns && is_proved && asks_digest(*request.message().edns) &&
        rules_of(request.question().name).allows(request.peer())) {
        set_digest(*edns, version.digest);
    }
}

bool Publisher::is_expired(Now now, dns::NameView zone) const {
    if (view_ == nullptr) {
        return false;
    }
    const std::optional<seconds> left = view_->expires_in(now, zone);
    return left && *left <= seconds{0};
}

}  // namespace twinzone::service
