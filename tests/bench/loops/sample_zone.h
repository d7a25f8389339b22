// A zone for the loops: delegations as top-level domains have them, with DS and a signature on
// some; the same for every run.
#pragma once

#include <cstdint>
#include <string>

#include "common/dns/soa.h"
#include "common/zone/record_list.h"
#include "common/zone/record_stream.h"

namespace twinzone::bench {

[[nodiscard]] dns::SoaRecord sample_soa(std::uint32_t serial);

// About `count` records in no order, without the SOA.
[[nodiscard]] zone::RecordList sample_records(std::uint32_t count);

// The same in canonical order; one delegation in so many has another server (0: none).
[[nodiscard]] zone::RecordList sorted_sample(std::uint32_t count, std::uint32_t changed_one_in = 0);

// The same in presentation form.
[[nodiscard]] std::string sample_text(std::uint32_t count);

// Uncompressed octets of all records.
[[nodiscard]] std::int64_t wire_bytes(const zone::RecordList& records);

class ListStream : public zone::RecordStream {
  public:
    explicit ListStream(const zone::RecordList& records) noexcept : records_(records) {}
    [[nodiscard]] Result<std::optional<dns::RecordView>> next() override;

  private:
    const zone::RecordList& records_;
    std::size_t index_ = 0;
};

}  // namespace twinzone::bench
