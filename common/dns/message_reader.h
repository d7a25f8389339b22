// Reads a DNS message front to back (RFC 1035 §4.1), record by record, without keeping any. The
// bytes are hostile until read: bounds first, counts that cannot fit the length are refused at once
// (nothing is ever reserved by a count), compression pointers only go backward, names within rdata
// end within RDLENGTH.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/dns/header.h"
#include "common/dns/record.h"
#include "common/dns/record_reader.h"

namespace twinzone::dns {

struct Question {
    Name name;
    RrType type{};
    RrClass rr_class{};
};

enum class Section : std::uint8_t { answer, authority, additional };

struct SectionRecord {
    Section section{};
    RecordView record;     // valid until the next call of the reader; as RecordReader::next() says
    std::size_t offset{};  // where the record starts in the message
};

// Not thread-safe. Borrows the message for its whole life. Dead after an error.
class MessageReader {
  public:
    // Errc::message_malformed where the header or the counts cannot be true.
    [[nodiscard]] static Result<MessageReader> open(ByteView message);

    [[nodiscard]] const Header& header() const noexcept { return header_; }

    // Call once, before next(). nullopt where QDCOUNT is 0; an error where it is above 1 (RFC
    // 9619).
    [[nodiscard]] Result<std::optional<Question>> question();

    // The next record of any section, in order; nullopt after the last. Octets behind the last
    // record are an error.
    [[nodiscard]] Result<std::optional<SectionRecord>> next();

  private:
    MessageReader(ByteView message, const Header& header) noexcept;

    Header header_;
    RecordReader records_;
    std::size_t records_read_ = 0;
    bool question_read_ = false;
};

}  // namespace twinzone::dns
