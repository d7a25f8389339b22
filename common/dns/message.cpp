#include "common/dns/message.h"

#include <fmt/format.h>

#include "common/dns/compressor.h"

namespace twinzone::dns {

namespace {

std::uint16_t count_of(const std::vector<Record>& records) {
    return static_cast<std::uint16_t>(records.size());
}

Result<void> take_opt(const SectionRecord& opt, Message& message) {
    if (opt.section != Section::additional || message.edns) {  // RFC 6891 §6.1.1
        return fail(Errc::message_malformed, "OPT twice, or not in the additional section");
    }
    Result<Edns> edns = Edns::parse(opt.record);
    if (!edns) {
        return fail(std::move(edns).error());
    }
    message.edns = std::move(*edns);
    return {};
}

std::vector<Record>& section_of(Message& message, Section section) {
    switch (section) {
        case Section::answer: return message.answer;
        case Section::authority: return message.authority;
        case Section::additional: return message.additional;
    }
    TWINZONE_UNREACHABLE();
}

void append_all(const std::vector<Record>& records, Compressor& compressor, Bytes& out) {
    for (const Record& record : records) {
        compressor.append_record(record.view(), out);
    }
}

// Header (counts to be set), question and nothing else.
Bytes start_message(const Message& message, Compressor& compressor) {
    Bytes out(kHeaderBytes);
    if (message.question) {
        compressor.append_name(message.question->name, out);
        ByteWriter writer{out};
        writer.u16(value(message.question->type));
        writer.u16(value(message.question->rr_class));
    }
    return out;
}

}  // namespace

Result<Message> Message::parse(ByteView bytes) {
    Result<MessageReader> reader = MessageReader::open(bytes);
    if (!reader) {
        return fail(std::move(reader).error());
    }
    Message message;
    message.header = reader->header();
    Result<std::optional<Question>> question = reader->question();
    if (!question) {
        return fail(std::move(question).error());
    }
    message.question = *question;
    for (std::size_t count = 0;; ++count) {
        const Result<std::optional<SectionRecord>> next = reader->next();
        if (!next) {
            return fail(next.error());
        }
        if (!*next) {
            return message;
        }
        if (count == kMaxMessageRecords) {
            return fail(Errc::message_malformed,
                        fmt::format("more than {} records", kMaxMessageRecords));
        }
        const SectionRecord& record = **next;
        if (record.record.type != RrType::opt) {
            section_of(message, record.section).emplace_back(record.record);
            continue;
        }
        if (Result<void> taken = take_opt(record, message); !taken) {
            return fail(std::move(taken).error());
        }
    }
}

Bytes Message::to_wire(std::size_t limit) const {
    Compressor compressor;
    Bytes out = start_message(*this, compressor);
    const std::size_t question_end = out.size();
    append_all(answer, compressor, out);
    append_all(authority, compressor, out);
    append_all(additional, compressor, out);

    Header written = header;
    written.qdcount = question ? 1 : 0;
    written.ancount = count_of(answer);
    written.nscount = count_of(authority);
    written.arcount = count_of(additional);
    const std::optional<Record> opt = edns ? std::optional{edns->record()} : std::nullopt;
    const std::size_t opt_bytes = opt ? opt->view().wire_bytes() : 0;
    if (out.size() + opt_bytes > limit) {
        out.resize(question_end);
        compressor.rewind(question_end);
        written.tc = true;
        written.ancount = written.nscount = written.arcount = 0;
    }
    if (opt) {
        compressor.append_record(opt->view(), out);
        ++written.arcount;
    }
    write_header(written, out.data());
    return out;
}

Rcode Message::rcode() const noexcept {
    const unsigned extended = edns ? edns->extended_rcode : 0U;
    return static_cast<Rcode>(extended << 4 | static_cast<unsigned>(header.rcode));
}

}  // namespace twinzone::dns
