// Answers of a primary for tests: records packed into messages, and a secondary that reads them.
#pragma once

#include <string>
#include <vector>

#include "common/dns/message.h"
#include "common/transfer/transfer_assembler.h"
#include "tests/support/records.h"

namespace twinzone::test {

inline constexpr std::uint16_t kId = 4711;

// Keeps what it is given.
class ListSink : public transfer::RecordSink {
  public:
    Result<void> add(const dns::RecordView& record) override {
        list.append(record);
        return {};
    }

    zone::RecordList list;
};

inline transfer::TransferQuery query(std::optional<dns::SoaRecord> ours) {
    return {.id = kId, .zone = apex(), .ours = std::move(ours)};
}

inline dns::Message answer(const transfer::TransferQuery& to, std::vector<dns::Record> records) {
    dns::Message message;
    message.header.id = to.id;
    message.header.qr = true;
    message.header.aa = true;
    message.question = dns::Question{to.zone, to.type(), dns::RrClass::in};
    message.answer = std::move(records);
    return message;
}

// A secondary ("Z") in the middle of one transfer.
struct Secondary {
    explicit Secondary(std::optional<dns::SoaRecord> ours,
                       transfer::Transport transport = transfer::Transport::tcp,
                       const transfer::TransferLimits& limits = {})
        : asked(query(std::move(ours))), assembler(asked, transport, limits, sink) {}

    Result<transfer::TransferProgress> take(const dns::Message& message) {
        return assembler.handle_message(message.to_wire());
    }

    transfer::TransferQuery asked;
    ListSink sink;
    transfer::TransferAssembler assembler;
};

}  // namespace twinzone::test
