// Reads the records of one zone transfer response and says what each one means. Sits between the
// wire codec and whoever keeps the records. No I/O, keeps no record but SOAs. RFC 5936 §2.2 (full),
// RFC 1995 §4 (incremental, also answered in the full style).
//
//   opening --SOA--> style --other record or same SOA--> full --same SOA--> done
//                      | SOA = ours
//                      '--> removing <--SOA--> adding --SOA = target--> done
//
// How records are packed in messages does not matter; only at_message_end() asks for their ends,
// because an answer that is one SOA has no other end (RFC 1995 §2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/dns/record.h"
#include "common/dns/soa.h"

namespace twinzone::transfer {

enum class Begin : std::uint8_t {
    nothing,
    full,       // a whole zone starts: forget what was there
    diff,       // a difference sequence starts; last_soa() is the version it starts from
    additions,  // its second half starts; last_soa() is the version it leads to
};
enum class Effect : std::uint8_t {
    none,
    remove,    // this record goes
    add,       // this record comes
    left_out,  // owner outside the zone: not part of the version, only counted (as BIND does)
    publish,   // the version is whole; target() is its SOA
};

// What one record means: first `begin`, then `effect`.
struct Step {
    Begin begin = Begin::nothing;
    Effect effect = Effect::none;
};

// Against a peer without end. 0 is no limit.
struct TransferLimits {
    std::uint64_t max_records = 100'000'000;            // all that arrive, SOAs and removals too
    std::uint64_t max_bytes = std::uint64_t{16} << 30;  // their wire form without compression
    std::uint64_t max_diff_bytes = std::uint64_t{1} << 28;  // memory for difference sequences
};

struct TransferCounts {
    std::uint64_t records = 0;  // all, SOAs too
    std::uint64_t bytes = 0;    // wire form without compression
    std::uint64_t removed = 0;
    std::uint64_t added = 0;
    std::uint64_t left_out = 0;
    std::uint64_t diffs = 0;
    std::uint64_t messages = 0;
    bool not_authoritative = false;  // some message had AA clear: accepted, worth a warning
};

// Where the answer stands when a message ends.
enum class AnswerState : std::uint8_t {
    unfinished,    // more messages must follow
    done,          // the version is whole
    up_to_date,    // IXFR, one SOA: the primary has our serial
    behind,        // IXFR, one SOA: its serial is older than ours or incomparable
    newer_exists,  // IXFR, so far one SOA, newer than ours. Over UDP: ask over TCP. Over TCP: more
                   // may follow; where nothing does, ask for a full transfer
};

// Not thread-safe; one per transfer; dead after an error.
class TransferReader {
  public:
    // `ours`: the version sent in the IXFR query; nullopt for AXFR.
    TransferReader(const dns::Name& zone, std::optional<dns::SoaRecord> ours,
                   const TransferLimits& limits);

    // The next record of the answer section; borrowed for the call. Every failure is the peer's
    // fault: transfer_malformed, transfer_diverged (the differences do not lead from our version to
    // the target), transfer_limit. A record after the end is transfer_malformed.
    [[nodiscard]] Result<Step> step(const dns::RecordView& record);

    [[nodiscard]] AnswerState at_message_end() const noexcept;
    [[nodiscard]] bool done() const noexcept { return state_ == State::done; }

    // The opening SOA, nullptr before it.
    [[nodiscard]] const dns::SoaRecord* target() const noexcept {
        return target_ ? &*target_ : nullptr;
    }
    // Requires: a SOA was read.
    [[nodiscard]] const dns::SoaRecord& last_soa() const noexcept { return *last_soa_; }
    [[nodiscard]] const TransferCounts& counts() const noexcept { return counts_; }

  private:
    enum class State : std::uint8_t { opening, style, full, removing, adding, done };

    Result<void> check_record(const dns::RecordView& record);
    Result<Step> step_soa(dns::SoaRecord soa);
    Result<Step> step_other(const dns::RecordView& record);
    Result<Step> begin_first_diff(dns::SoaRecord soa);
    Result<Step> begin_additions(dns::SoaRecord soa);
    Result<Step> end_diff(dns::SoaRecord soa);
    Result<Step> finish(const dns::SoaRecord& soa, Begin begin);

    dns::Name zone_;
    std::optional<dns::SoaRecord> ours_;
    TransferLimits limits_;
    State state_ = State::opening;
    std::optional<dns::SoaRecord> target_;
    std::optional<dns::SoaRecord> last_soa_;
    TransferCounts counts_;
};

}  // namespace twinzone::transfer
