#include "primary/zone_file_loader.h"

#include <algorithm>
#include <deque>

#include <fmt/format.h>

#include "common/text/zone_file_reader.h"
#include "common/zone/zonemd.h"

namespace twinzone::primary {

namespace {

// The content as it was published under a serial, if it was.
class PublishedBefore {
  public:
    PublishedBefore(const dns::SoaRecord& written, dns::Serial serial)
        : soa_(with_serial(written, serial)), maker_(soa_) {}

    void add(const dns::RecordView& record) { maker_.add(record); }
    [[nodiscard]] dns::Serial serial() const noexcept { return soa_.serial; }
    [[nodiscard]] zone::Digest content(zone::Digest without) {
        without.add(maker_.finish().view());
        return without;
    }

  private:
    static dns::SoaRecord with_serial(dns::SoaRecord soa, dns::Serial serial) {
        soa.serial = serial;
        return soa;
    }

    dns::SoaRecord soa_;
    zone::ZonemdMaker maker_;
};

// Judges the records of one file, one by one, and collects those of the zone.
class Intake {
  public:
    Intake(const LoadOptions& options, text::ZoneFileReader& reader)
        : options_(options), reader_(reader), sorter_(options.spill_directory) {}

    Result<void> take(const dns::RecordView& record) {
        if (!record.owner.is_at_or_below(options_.zone)) {
            return refuse(fmt::format("owner {} is outside the zone {}", record.owner.to_text(),
                                      options_.zone.to_text()));
        }
        bytes_ += record.wire_bytes();
        if (bytes_ > options_.max_bytes) {
            return refuse(
                fmt::format("zone is larger than the limit zone-bytes of {}", options_.max_bytes));
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

    Result<LoadedZone> finish() {
        if (!soa_) {
            return fail(
                Errc::zone_file_content,
                fmt::format("{}: no SOA record at {}", options_.file, options_.zone.to_text()));
        }
        if (!has_apex_ns_) {
            return fail(
                Errc::zone_file_content,
                fmt::format("{}: no NS record at {}", options_.file, options_.zone.to_text()));
        }
        Result<std::unique_ptr<store::SortedStream>> sorted = sorter_.finish();
        if (!sorted) {
            return fail(std::move(sorted).error());
        }
        LoadedZone loaded;
        loaded.soa = *soa_;
        loaded.ended_with_newline = reader_.ended_with_newline();
        loaded.stream = std::move(*sorted);
        if (Result<void> summed = sum_up(loaded); !summed) {
            return fail(std::move(summed).error());
        }
        loaded.duplicates = loaded.stream->dropped();
        return loaded;
    }

  private:
    Failure refuse(std::string why) const {
        return fail(Errc::zone_file_content, fmt::format("{}: error: {}", reader_.where(), why));
    }

    Result<void> take_soa(const dns::RecordView& record) {
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

    Result<void> sum_up(LoadedZone& loaded) const {
        loaded.records = 1;
        std::deque<PublishedBefore> before;
        for (const dns::Serial serial : options_.published_under) {
            if (options_.makes_zonemd) {
                before.emplace_back(loaded.soa, serial);
            }
        }
        while (true) {
            Result<std::optional<dns::RecordView>> record = loaded.stream->next();
            if (!record) {
                return fail(std::move(record).error());
            }
            if (!*record) {
                for (PublishedBefore& each : before) {
                    loaded.made.emplace_back(each.serial(), each.content(loaded.content));
                }
                return loaded.stream->rewind();
            }
            for (PublishedBefore& each : before) {
                each.add(**record);
            }
            loaded.content.add(**record);
            ++loaded.records;
        }
    }

    const LoadOptions& options_;
    text::ZoneFileReader& reader_;
    store::RecordSorter sorter_;
    std::optional<dns::SoaRecord> soa_;
    bool has_apex_ns_ = false;
    std::uint64_t bytes_ = 0;
};

Result<LoadedZone> read_all(const LoadOptions& options, text::ZoneFileReader& reader) {
    Intake intake{options, reader};
    while (true) {
        Result<std::optional<dns::RecordView>> record = reader.next();
        if (!record) {
            return fail(std::move(record).error());
        }
        if (!*record) {
            return intake.finish();
        }
        if (Result<void> taken = intake.take(**record); !taken) {
            return fail(std::move(taken).error());
        }
    }
}

}  // namespace

zone::Digest LoadedZone::content_under(dns::Serial serial) const {
    const auto at = std::find_if(made.begin(), made.end(),
                                 [serial](const auto& each) { return each.first == serial; });
    return at == made.end() ? content : at->second;
}

ZoneFileReading read_zone_file(const LoadOptions& options) {
    text::ZoneFileOptions reading;
    reading.origin = options.zone;
    reading.max_records = options.max_records;
    Result<text::ZoneFileReader> reader =
        text::ZoneFileReader::open(options.file, std::move(reading));
    if (!reader) {
        return {.zone = fail(std::move(reader).error()), .included = {}};
    }
    ZoneFileReading result{.zone = read_all(options, *reader), .included = {}};
    result.included = reader->included_files();
    std::sort(result.included.begin(), result.included.end());
    result.included.erase(std::unique(result.included.begin(), result.included.end()),
                          result.included.end());
    return result;
}

Result<LoadedZone> load_zone_file(const LoadOptions& options) {
    return read_zone_file(options).zone;
}

}  // namespace twinzone::primary
