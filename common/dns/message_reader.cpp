#include "common/dns/message_reader.h"

#include <fmt/format.h>

namespace twinzone::dns {

namespace {

constexpr std::size_t kMinQuestionBytes = 5;  // root name, type, class

std::size_t record_count(const Header& header) {
    return std::size_t{header.ancount} + header.nscount + header.arcount;
}

Section section_of(std::size_t index, const Header& header) {
    if (index < header.ancount) {
        return Section::answer;
    }
    return index < std::size_t{header.ancount} + header.nscount ? Section::authority
                                                                : Section::additional;
}

}  // namespace

Result<MessageReader> MessageReader::open(ByteView message) {
    if (message.size() < kHeaderBytes || message.size() > kMaxMessageBytes) {
        return fail(Errc::message_malformed,
                    fmt::format("{} octets are no message", message.size()));
    }
    const Header header = read_header(message.data());
    const std::size_t least =
        kHeaderBytes + header.qdcount * kMinQuestionBytes + record_count(header) * kMinRecordBytes;
    if (least > message.size()) {
        return fail(Errc::message_malformed,
                    fmt::format("{} questions and {} records do not fit {} octets", header.qdcount,
                                record_count(header), message.size()));
    }
    return MessageReader{message, header};
}

MessageReader::MessageReader(ByteView message, const Header& header) noexcept
    : header_(header), records_(MessageOctets{message}, kHeaderBytes) {}

Result<std::optional<Question>> MessageReader::question() {
    TWINZONE_ASSERT(!question_read_);
    question_read_ = true;
    if (header_.qdcount == 0) {
        return std::optional<Question>{};
    }
    if (header_.qdcount > 1) {
        return fail(Errc::message_malformed, fmt::format("{} questions", header_.qdcount));
    }
    const Result<NameView> name = records_.next_name();
    if (!name) {
        return fail(name.error());
    }
    if (records_.remaining() < 4) {
        return fail(Errc::message_malformed, "the question is cut off");
    }
    Question question;
    question.name = Name{*name};
    question.type = static_cast<RrType>(records_.next_u16());
    question.rr_class = static_cast<RrClass>(records_.next_u16());
    return std::optional{question};
}

Result<std::optional<SectionRecord>> MessageReader::next() {
    TWINZONE_ASSERT(question_read_);
    if (records_read_ == record_count(header_)) {
        if (records_.remaining() > 0) {
            return fail(Errc::message_malformed,
                        fmt::format("{} octets behind the last record", records_.remaining()));
        }
        return std::optional<SectionRecord>{};
    }
    const std::size_t offset = records_.offset();
    Result<RecordView> record = records_.next();
    if (!record) {
        return fail(std::move(record).error());
    }
    return std::optional{SectionRecord{section_of(records_read_++, header_), *record, offset}};
}

}  // namespace twinzone::dns
