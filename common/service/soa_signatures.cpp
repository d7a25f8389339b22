#include "common/service/soa_signatures.h"

#include "common/zone/page_records.h"

namespace twinzone::service {

namespace {

bool covers_soa(const dns::RecordView& record) noexcept {
    return record.type == dns::RrType::rrsig && record.rdata.size() >= 2 &&
           load_u16(record.rdata.data()) == value(dns::RrType::soa);
}

}  // namespace

Result<std::vector<dns::Record>> soa_signatures(const zone::Snapshot& snapshot) {
    std::vector<dns::Record> signatures;
    zone::PageRecords records{snapshot.pages()};
    for (unsigned i = 0; i < kMaxApexRecords; ++i) {
        const Result<std::optional<dns::RecordView>> record = records.next();
        if (!record) {
            return fail(record.error());
        }
        // Canonical order: the apex first, by type.
        const bool at_apex = *record && (*record)->owner == snapshot.version().soa.owner &&
                             value((*record)->type) <= value(dns::RrType::rrsig);
        if (!at_apex) {
            break;
        }
        if (covers_soa(**record)) {
            signatures.emplace_back(**record);
        }
    }
    return signatures;
}

}  // namespace twinzone::service
