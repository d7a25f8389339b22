#include "primary/zone_file_loader.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/text/zone_file_reader.h"

namespace twinzone::primary {

namespace {

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

    static Result<void> sum_up(LoadedZone& loaded) {
        loaded.records = 1;
        while (true) {
            Result<std::optional<dns::RecordView>> record = loaded.stream->next();
            if (!record) {
                return fail(std::move(record).error());
            }
            if (!*record) {
                return loaded.stream->rewind();
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
