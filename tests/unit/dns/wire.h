// Verbs for tests on the wire: octets from hex, records from text and numbers.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/dns/message_reader.h"
#include "common/dns/record.h"

namespace twinzone::dns::test {

// Octets from hex digits; anything else between them is left out. Requires: an even count.
[[nodiscard]] inline Bytes hex(std::string_view digits) {
    Bytes out;
    int high = -1;
    for (const char c : digits) {
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0) {
            continue;
        }
        if (high < 0) {
            high = digit;
            continue;
        }
        out.push_back(static_cast<std::uint8_t>(high * 16 + digit));
        high = -1;
    }
    TWINZONE_ASSERT(high < 0);
    return out;
}

[[nodiscard]] inline Name name(std::string_view text) {
    return *Name::from_text(text);
}

[[nodiscard]] inline Bytes wire(std::string_view name_text) {
    const Name owned = name(name_text);
    const ByteView view = owned.view().wire();
    return {view.begin(), view.end()};
}

[[nodiscard]] inline Bytes concat(std::initializer_list<Bytes> parts) {
    Bytes out;
    for (const Bytes& part : parts) {
        out.insert(out.end(), part.begin(), part.end());
    }
    return out;
}

[[nodiscard]] inline Record record(std::string_view owner, RrType type, Bytes rdata,
                                   std::uint32_t ttl = 3600) {
    Record made;
    made.owner = name(owner);
    made.type = type;
    made.ttl = Ttl{ttl};
    made.rdata = std::move(rdata);
    return made;
}

[[nodiscard]] inline bool same(const RecordView& a, const RecordView& b) {
    return same_bytes(a.owner, b.owner) && a.type == b.type && a.rr_class == b.rr_class &&
           a.ttl == b.ttl &&
           std::equal(a.rdata.begin(), a.rdata.end(), b.rdata.begin(), b.rdata.end());
}

// All records of a message, or the first error.
[[nodiscard]] inline Result<std::vector<Record>> read_all(ByteView message) {
    Result<MessageReader> reader = MessageReader::open(message);
    if (!reader) {
        return fail(reader.error());
    }
    if (const Result<std::optional<Question>> question = reader->question(); !question) {
        return fail(question.error());
    }
    std::vector<Record> records;
    for (;;) {
        const Result<std::optional<SectionRecord>> next = reader->next();
        if (!next) {
            return fail(next.error());
        }
        if (!*next) {
            return records;
        }
        records.emplace_back((*next)->record);
    }
}

}  // namespace twinzone::dns::test
