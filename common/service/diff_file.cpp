#include "common/service/diff_file.h"

#include <filesystem>

#include <fmt/format.h>

#include "common/store/record_sorter.h"
#include "common/text/zone_file_reader.h"

namespace twinzone::service {

namespace {

Result<text::ZoneFileReader> opened(const dns::Name& zone, const std::string& path) {
    text::ZoneFileOptions options;
    options.origin = zone;
    return text::ZoneFileReader::open(path, std::move(options));
}

// What follows the SOA in a file that `export` wrote: canonical order.
class ExportedRecords final : public zone::RecordStream {
  public:
    explicit ExportedRecords(text::ZoneFileReader reader) : reader_(std::move(reader)) {}
    Result<std::optional<dns::RecordView>> next() override { return reader_.next(); }

  private:
    text::ZoneFileReader reader_;
};

Result<Content> read_exported(const dns::Name& zone, const std::string& path) {
    Result<text::ZoneFileReader> reader = opened(zone, path);
    if (!reader) {
        return fail(std::move(reader).error());
    }
    const Result<std::optional<dns::RecordView>> first = reader->next();
    if (!first) {
        return fail(first.error());
    }
    if (!*first || (*first)->type != dns::RrType::soa) {
        return fail(Errc::message_malformed, "what the daemon sent does not begin with a SOA");
    }
    Result<dns::SoaRecord> soa = dns::SoaRecord::parse(**first);
    if (!soa) {
        return fail(std::move(soa).error());
    }
    return Content{.soa = std::move(*soa),
                   .records = std::make_unique<ExportedRecords>(std::move(*reader)),
                   .keeps = {}};
}

// Any order, as people write zone files.
Result<Content> read_zone_file(const dns::Name& zone, const std::string& path) {
    Result<text::ZoneFileReader> reader = opened(zone, path);
    if (!reader) {
        return fail(std::move(reader).error());
    }
    store::RecordSorter sorter{std::filesystem::temp_directory_path().string()};
    std::optional<dns::SoaRecord> soa;
    for (;;) {
        const Result<std::optional<dns::RecordView>> record = reader->next();
        if (!record) {
            return fail(record.error());
        }
        if (!*record) {
            break;
        }
        if (!(*record)->owner.is_at_or_below(zone)) {
            return fail(Errc::zone_file_content,
                        fmt::format("{}: error: owner {} is outside the zone {}", reader->where(),
                                    (*record)->owner.to_text(), zone.to_text()));
        }
        if ((*record)->type == dns::RrType::soa) {
            Result<dns::SoaRecord> parsed = dns::SoaRecord::parse(**record);
            if (!parsed) {
                return fail(std::move(parsed).error());
            }
            soa = std::move(*parsed);
            continue;
        }
        if (Result<void> added = sorter.add(**record); !added) {
            return fail(std::move(added).error());
        }
    }
    if (!soa) {
        return fail(Errc::zone_file_content,
                    fmt::format("{}: no SOA record at {}", path, zone.to_text()));
    }
    Result<std::unique_ptr<store::SortedStream>> sorted = sorter.finish();
    if (!sorted) {
        return fail(std::move(sorted).error());
    }
    return Content{.soa = std::move(*soa), .records = std::move(*sorted), .keeps = {}};
}

}  // namespace

Result<std::unique_ptr<TextSource>> diff_with_file(const dns::Name& zone,
                                                   const std::string& exported,
                                                   const std::string& path, DiffForm form,
                                                   bool json) {
    Result<Content> theirs = read_zone_file(zone, path);
    if (!theirs) {
        return fail(std::move(theirs).error());
    }
    Result<Content> ours = read_exported(zone, exported);
    if (!ours) {
        return fail(std::move(ours).error());
    }
    return std::unique_ptr<TextSource>{
        std::make_unique<DiffText>(std::move(*ours), std::move(*theirs), form, json)};
}

}  // namespace twinzone::service
