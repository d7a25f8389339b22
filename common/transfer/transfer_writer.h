// One transfer out: decides how a query is answered from a snapshot and hands out the messages,
// whose bodies are the snapshot's pages as they are (no decoding, no copy). RFC 5936 §2.2, RFC 1995
// §2 and §4.
//
// A page's compression pointers count from a header of twelve octets that stands directly before
// it. So a page goes into a message without a question (RFC 5936 §2.2.2 allows that after the
// first), the question and the opening SOA are a message of their own, and the closing SOA follows
// the last page uncompressed. An answer that is small altogether is encoded anew as one message.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/dns/edns.h"
#include "common/transfer/condensed_history.h"
#include "common/transfer/transfer_query.h"
#include "common/zone/version_store.h"

namespace twinzone::transfer {

// Consecutive parts of one message, its header first. Counts are right for it as it stands: whoever
// appends a TSIG record adds one to ARCOUNT in `head`.
struct OutMessage {
    Bytes head;
    ByteView body;  // of a page; valid as long as the snapshot
    Bytes tail;

    [[nodiscard]] std::size_t size() const noexcept {
        return head.size() + body.size() + tail.size();
    }
};

enum class TransferPlan : std::uint8_t { single_soa, incremental, full };
enum class PlanReason : std::uint8_t {
    asked,           // as the client wished
    client_current,  // its serial is ours
    client_ahead,    // its serial is newer than ours (RFC 1995 §2: one SOA)
    no_history,      // its serial is not in our journal, or not older than ours on the circle
    history_larger,  // the differences cost more than the zone
    condensed,       // as the client wished, the versions between left out: they cost too much
    too_large_for_udp,
};

struct AnswerOptions {
    Transport transport = Transport::tcp;
    std::size_t max_message_bytes = dns::kMaxMessageBytes;  // UDP: what the client takes
    std::size_t reserve_bytes = 0;                          // kept free in every message for TSIG
    std::optional<dns::Edns> edns;  // OPT of the first message; set where the query had one
    bool pads = false;              // the first and the last message are padded (RFC 8467)
};

// Answers up to this size (octets of pages) are encoded anew as one message: it still fits the
// reach of compression pointers, and one message suits small zones and old clients best.
inline constexpr std::size_t kOneMessageBytes = std::size_t{16} * 1024;

// Differences up to this size are sent even where the zone is smaller still.
inline constexpr std::size_t kSmallChainBytes = std::size_t{4} * 1024;

// A chain of differences is made one (RFC 1995 §6) where that saves more than half its octets: who
// gets the chain can pass the versions between on to others.
inline constexpr std::uint64_t kCondensedShare = 2;

// Not thread-safe, movable. Holds the snapshot. Work per call is bounded by a page.
class TransferWriter {
  public:
    // Errors are the store's.
    [[nodiscard]] static Result<TransferWriter> open(std::shared_ptr<const zone::Snapshot> snapshot,
                                                     TransferRequest request,
                                                     AnswerOptions options);

    [[nodiscard]] TransferPlan plan() const noexcept { return plan_; }
    [[nodiscard]] PlanReason reason() const noexcept { return reason_; }

    // The next message; nullopt after the last. Errc::store_*; Errc::limit where a record does not
    // fit a message with the reserve. After an error the connection is to be closed: a cut answer
    // is what tells the client that it is not whole.
    [[nodiscard]] Result<std::optional<OutMessage>> next();

    // Messages and octets handed out so far.
    [[nodiscard]] std::uint64_t messages() const noexcept { return messages_; }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

  private:
    enum class State : std::uint8_t { first, pages, closing, end };

    TransferWriter(std::shared_ptr<const zone::Snapshot> snapshot, TransferRequest request,
                   AnswerOptions options);

    Result<void> decide();
    Result<void> decide_incremental(dns::Serial from);
    Result<void> consider_condensing(dns::Serial from, std::uint64_t chain_bytes);
    Result<void> answer_with(TransferPlan plan, PlanReason reason, std::uint64_t wire_bytes);
    void answer_single(PlanReason reason);
    Result<std::unique_ptr<zone::PageCursor>> cursor() const;
    Result<std::optional<Bytes>> encode_whole() const;
    Bytes encode_soa() const;
    Result<std::optional<OutMessage>> next_page();
    void pad_last(OutMessage& message, dns::Header& header) const;
    std::optional<OutMessage> count(OutMessage message);

    std::shared_ptr<const zone::Snapshot> snapshot_;
    TransferRequest request_;
    AnswerOptions options_;
    TransferPlan plan_ = TransferPlan::full;
    PlanReason reason_ = PlanReason::asked;
    State state_ = State::first;
    std::optional<CondensedHistory> condensed_;  // in the place of the steps in the journal
    std::optional<Bytes> whole_;                 // the answer, where it is one message
    std::unique_ptr<zone::PageCursor> cursor_;
    std::optional<ByteView> page_;  // read, not handed out yet
    std::uint64_t messages_ = 0;
    std::uint64_t bytes_ = 0;
};

}  // namespace twinzone::transfer
