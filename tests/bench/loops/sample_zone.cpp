#include "tests/bench/loops/sample_zone.h"

#include <fmt/format.h>

#include "common/text/zone_file_writer.h"

namespace twinzone::bench {

namespace {

constexpr std::uint32_t kRecordsOfEach = 4;  // delegations: two NS, DS, RRSIG

dns::Name name(const std::string& text) {
    return *dns::Name::from_text(text);
}

Bytes wire_of(const dns::Name& target) {
    const ByteView wire = target.view().wire();
    return {wire.begin(), wire.end()};
}

// A signature of `signer` over what is there; 64 octets that differ.
Bytes signature(const dns::Name& signer, std::uint32_t number) {
    Bytes rdata{0, 43, 13, 2, 0, 0, 14, 16, 120, 0, 0, 0, 104, 0, 0, 0, 48, 57};
    const Bytes name_wire = wire_of(signer);
    rdata.insert(rdata.end(), name_wire.begin(), name_wire.end());
    for (std::uint32_t i = 0; i < 16; ++i) {
        ByteWriter{rdata}.u32((number + i) * 2654435761U);
    }
    return rdata;
}

void append_delegation(zone::RecordList& records, std::uint32_t number, bool changed) {
    static const dns::Name apex = name("example.");
    dns::Record record;
    record.owner = name(fmt::format("domain{:08x}.example.", number * 2654435761U));
    record.ttl = dns::Ttl{86400};
    record.type = dns::RrType::ns;
    for (int server = 1; server <= 2; ++server) {
        const char* prefix = changed && server == 1 ? "new-" : "";
        record.rdata =
            wire_of(name(fmt::format("{}ns{}.host{}.net.", prefix, server, number % 5000)));
        records.append(record.view());
    }
    record.ttl = dns::Ttl{3600};
    record.type = dns::RrType::ds;
    record.rdata.assign({static_cast<std::uint8_t>(number), 1, 13, 2});
    record.rdata.resize(36, static_cast<std::uint8_t>(number >> 8U));
    records.append(record.view());
    record.type = dns::RrType::rrsig;
    record.rdata = signature(apex, number);
    records.append(record.view());
}

}  // namespace

dns::SoaRecord sample_soa(std::uint32_t serial) {
    dns::SoaRecord soa;
    soa.owner = name("example.");
    soa.serial = dns::Serial{serial};
    return soa;
}

zone::RecordList sample_records(std::uint32_t count) {
    zone::RecordList records;
    for (std::uint32_t number = 0; number < count / kRecordsOfEach; ++number) {
        append_delegation(records, number, false);
    }
    return records;
}

zone::RecordList sorted_sample(std::uint32_t count, std::uint32_t changed_one_in) {
    zone::RecordList records;
    for (std::uint32_t number = 0; number < count / kRecordsOfEach; ++number) {
        append_delegation(records, number, changed_one_in != 0 && number % changed_one_in == 0);
    }
    records.sort_unique();
    return records;
}

std::string sample_text(std::uint32_t count) {
    const zone::RecordList records = sample_records(count);
    std::string lines;
    for (std::size_t i = 0; i < records.size(); ++i) {
        text::append_record(records[i], lines);
    }
    return lines;
}

std::int64_t wire_bytes(const zone::RecordList& records) {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < records.size(); ++i) {
        bytes += records[i].wire_bytes();
    }
    return static_cast<std::int64_t>(bytes);
}

Result<std::optional<dns::RecordView>> ListStream::next() {
    if (index_ == records_.size()) {
        return std::optional<dns::RecordView>{};
    }
    return std::optional<dns::RecordView>{records_[index_++]};
}

}  // namespace twinzone::bench
