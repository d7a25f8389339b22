#include "primary/zone_intake.h"

#include <utility>

#include <fmt/format.h>

#include "primary/zone_file_loader.h"

namespace twinzone::primary {

namespace {

Failure refuse(std::string why) {
    return fail(Errc::zone_file_content, std::move(why));
}

}  // namespace

ZoneIntake::ZoneIntake(const LoadOptions& options, std::size_t memory_bytes)
    : options_(options), sorter_(options.spill_directory, memory_bytes) {}

Result<void> ZoneIntake::check_limit() const {
    if (bytes_ > options_.max_bytes) {
        return refuse(
            fmt::format("zone is larger than the limit zone-bytes of {}", options_.max_bytes));
    }
    return {};
}

Result<void> ZoneIntake::take(const dns::RecordView& record) {
    if (!record.owner.is_at_or_below(options_.zone)) {
        return refuse(fmt::format("owner {} is outside the zone {}", record.owner.to_text(),
                                  options_.zone.to_text()));
    }
    bytes_ += record.wire_bytes();
    if (Result<void> within = check_limit(); !within) {
        return within;
    }
    if (record.type == dns::RrType::soa) {
        return take_soa(record);
    }
    if (record.type == dns::RrType::ns && record.owner == options_.zone.view()) {
        has_apex_ns_ = true;
    }
    if (options_.makes_zonemd && record.owner == options_.zone.view()) {
        if (record.type == dns::RrType::zonemd) {
            return {};
        }
        if (record.type == dns::RrType::dnskey || record.type == dns::RrType::rrsig) {
            return refuse(
                "the zone is signed: a ZONEMD that 'zonemd: generate' made would have no "
                "signature; have the signer make it, and use 'zonemd: verify'");
        }
    }
    return sorter_.add(record);
}

Result<void> ZoneIntake::take_soa(const dns::RecordView& record) {
    if (!(record.owner == options_.zone.view())) {
        return refuse(fmt::format("SOA at {}, below the apex {}", record.owner.to_text(),
                                  options_.zone.to_text()));
    }
    Result<dns::SoaRecord> soa = dns::SoaRecord::parse(record);
    if (!soa) {
        return refuse(soa.error().detail());
    }
    if (soa_ && !dns::same_rdata(*soa_, *soa)) {
        return refuse("a second, different SOA record");
    }
    soa_ = std::move(*soa);
    return {};
}

Result<void> ZoneIntake::append(ZoneIntake&& later) {
    if (soa_ && later.soa_ && !dns::same_rdata(*soa_, *later.soa_)) {
        return refuse("a second, different SOA record");
    }
    soa_ = later.soa_ ? std::move(later.soa_) : std::move(soa_);
    has_apex_ns_ = has_apex_ns_ || later.has_apex_ns_;
    bytes_ += later.bytes_;
    sorter_.append(std::move(later.sorter_));
    return check_limit();
}

}  // namespace twinzone::primary
