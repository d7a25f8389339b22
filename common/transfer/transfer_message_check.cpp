#include "common/transfer/transfer_message_check.h"

#include <fmt/format.h>

namespace twinzone::transfer {

namespace {

// RFC 5936 §2.2.2: the first message repeats the question, the others may leave it out; some
// servers leave it out of the first as well, which the ID makes up for.
bool answers(const TransferQuery& query, const dns::Question& question) noexcept {
    return question.name == query.zone && question.type == query.type() &&
           question.rr_class == dns::RrClass::in;
}

}  // namespace

Result<MessageVerdict> check_transfer_message(const TransferQuery& query, Transport transport,
                                              const dns::Header& header,
                                              const std::optional<dns::Question>& question) {
    if (header.id != query.id) {
        return fail(Errc::message_unexpected,
                    fmt::format("ID {} instead of {}", header.id, query.id));
    }
    if (!header.qr || header.opcode != dns::Opcode::query) {
        return fail(Errc::message_unexpected, "not the answer to a query");
    }
    if (question && !answers(query, *question)) {
        return fail(Errc::message_unexpected,
                    fmt::format("answers another question, {} {} {}", question->name.to_text(),
                                to_text(question->rr_class), to_text(question->type)));
    }
    if (header.rcode != dns::Rcode::no_error) {
        return MessageVerdict::error_code;
    }
    if (header.tc) {
        if (transport == Transport::udp) {
            return MessageVerdict::truncated;
        }
        return fail(Errc::message_unexpected, "truncated over TCP");
    }
    return MessageVerdict::accepted;
}

}  // namespace twinzone::transfer
