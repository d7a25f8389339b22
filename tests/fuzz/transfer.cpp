// The messages of one transfer answer with their lengths. The first octet says what was asked:
// bit 0 IXFR, bit 1 over UDP. A version that comes out whole leads from ours to its own SOA.
#include "common/transfer/transfer_assembler.h"
#include "tests/fuzz/harness.h"
#include "tests/support/records.h"

namespace {

using namespace twinzone;

class CountingSink final : public transfer::RecordSink {
  public:
    [[nodiscard]] Result<void> add(const dns::RecordView& record) override {
        TWINZONE_ASSERT(record.type != dns::RrType::soa || record.owner != test::apex().view());
        ++records_;
        return {};
    }
    [[nodiscard]] std::uint64_t records() const noexcept { return records_; }

  private:
    std::uint64_t records_ = 0;
};

void check_diffs(const std::vector<zone::Diff>& diffs, const dns::SoaRecord& ours,
                 const dns::SoaRecord& target) {
    TWINZONE_ASSERT(!diffs.empty());
    TWINZONE_ASSERT(diffs.front().from.serial == ours.serial);
    TWINZONE_ASSERT(diffs.back().to.serial == target.serial);
    for (std::size_t i = 1; i < diffs.size(); ++i) {
        TWINZONE_ASSERT(diffs[i].from.serial == diffs[i - 1].to.serial);
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    ByteReader input{ByteView{bytes, size}};
    const unsigned kind = input.u8();
    transfer::TransferQuery query;
    query.id = 0x1234;
    query.zone = test::apex();
    if ((kind & 1U) != 0) {
        query.ours = test::soa_record(1);
    }
    const auto transport = (kind & 2U) != 0 ? transfer::Transport::udp : transfer::Transport::tcp;
    const transfer::TransferLimits limits{
        .max_records = 10'000, .max_bytes = 1U << 20, .max_diff_bytes = 1U << 16};
    CountingSink sink;
    transfer::TransferAssembler assembler{query, transport, limits, sink};
    while (input.remaining() > 0) {
        const Bytes message = fuzz::take_message(input);
        const Result<transfer::TransferProgress> progress = assembler.handle_message(message);
        TWINZONE_ASSERT(sink.records() <= limits.max_records);
        if (progress && *progress == transfer::TransferProgress::done) {
            TWINZONE_ASSERT(assembler.soa() != nullptr);
            if (!assembler.full()) {
                check_diffs(assembler.take_diffs(), *query.ours, *assembler.soa());
            }
        }
        if (!progress || (*progress != transfer::TransferProgress::more &&
                          *progress != transfer::TransferProgress::newer_exists)) {
            return 0;
        }
    }
    return 0;
}
