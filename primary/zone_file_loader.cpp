#include "primary/zone_file_loader.h"

#include <algorithm>
#include <deque>

#include <fmt/format.h>

#include "common/text/zone_file_reader.h"
#include "common/zone/zonemd.h"
#include "primary/blockwise_reading.h"
#include "primary/changed_blocks.h"
#include "primary/zone_intake.h"

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

// Reads the stream to its end, for what is known only then, and back to its start.
Result<void> sum_up(const LoadOptions& options, LoadedZone& loaded) {
    std::deque<PublishedBefore> before;
    for (const dns::Serial serial : options.published_under) {
        if (options.makes_zonemd) {
            before.emplace_back(loaded.soa, serial);
        }
    }
    while (true) {
        Result<std::optional<dns::RecordView>> record = loaded.stream->next();
        if (!record) {
            return fail(std::move(record).error());
        }
        if (!*record) {
            break;
        }
        for (PublishedBefore& each : before) {
            each.add(**record);
        }
        loaded.content.add(**record);
    }
    loaded.made.reserve(before.size());
    for (PublishedBefore& each : before) {
        loaded.made.emplace_back(each.serial(), each.content(loaded.content));
    }
    loaded.duplicates = loaded.stream->dropped();
    return loaded.stream->rewind();
}

Failure missing(const LoadOptions& options, std::string_view what) {
    return fail(Errc::zone_file_content,
                fmt::format("{}: no {} record at {}", options.file, what, options.zone.to_text()));
}

Result<LoadedZone> finish(const LoadOptions& options, ZoneIntake& intake) {
    if (!intake.soa() || !intake.has_apex_ns()) {
        return missing(options, intake.soa() ? "NS" : "SOA");
    }
    LoadedZone loaded;
    loaded.soa = *intake.soa();
    loaded.records = intake.records() + 1;
    Result<std::unique_ptr<store::SortedStream>> sorted = intake.sorter().finish();
    if (!sorted) {
        return fail(std::move(sorted).error());
    }
    loaded.stream = *std::move(sorted);
    if (options.wants_digest) {
        if (Result<void> summed = sum_up(options, loaded); !summed) {
            return fail(std::move(summed).error());
        }
    }
    return loaded;
}

// From its first line to its last, which tells where and why a file is no zone.
Result<LoadedZone> read_front_to_back(const LoadOptions& options, text::ZoneFileReader& reader) {
    ZoneIntake intake{options, store::RecordSorter::kDefaultMemoryBytes};
    while (true) {
        Result<std::optional<dns::RecordView>> record = reader.next();
        if (!record) {
            return fail(std::move(record).error());
        }
        if (!*record) {
            break;
        }
        if (Result<void> taken = intake.take(**record); !taken) {
            return taken.error().code() != Errc::zone_file_content
                       ? fail(std::move(taken).error())
                       : fail(Errc::zone_file_content,
                              fmt::format("{}: error: {}", reader.where(), taken.error().detail()));
        }
    }
    Result<LoadedZone> loaded = finish(options, intake);
    if (loaded) {
        loaded->ended_with_newline = reader.ended_with_newline();
    }
    return loaded;
}

ZoneFileReading read_front_to_back(const LoadOptions& options) {
    text::ZoneFileOptions reading;
    reading.origin = options.zone;
    reading.max_records = options.max_records;
    Result<text::ZoneFileReader> reader =
        text::ZoneFileReader::open(options.file, std::move(reading));
    if (!reader) {
        return {.zone = fail(std::move(reader).error()), .included = {}};
    }
    ZoneFileReading result{.zone = read_front_to_back(options, *reader), .included = {}};
    result.included = reader->included_files();
    std::sort(result.included.begin(), result.included.end());
    result.included.erase(std::unique(result.included.begin(), result.included.end()),
                          result.included.end());
    return result;
}

ZoneFileReading changed_zone(const FileMemory& before, ChangedBlocks changed) {
    LoadedZone loaded;
    loaded.soa = changed.memory->soa;
    loaded.records = changed.memory->records + 1;
    loaded.content = *before.content;
    for (std::size_t i = 0; i < changed.removed.size(); ++i) {
        loaded.content.remove(changed.removed[i]);
    }
    for (std::size_t i = 0; i < changed.added.size(); ++i) {
        loaded.content.add(changed.added[i]);
    }
    loaded.change = {.removed = std::move(changed.removed), .added = std::move(changed.added)};
    return {.zone = std::move(loaded), .included = {}, .memory = std::move(changed.memory)};
}

// nullopt where the file is not for this: small, not to be cut, or wrong.
std::optional<ZoneFileReading> read_in_blocks(const LoadOptions& options) {
    const Result<File> file = File::open(options.file);
    const Result<std::uint64_t> size = file ? file->size() : fail(file.error());
    if (!size || *size < kBlockwiseBytes || options.makes_zonemd) {
        return std::nullopt;
    }
    const Result<std::optional<std::vector<TextBlock>>> blocks = cut_file(*file);
    if (!blocks || !*blocks) {
        return std::nullopt;
    }
    if (options.memory && options.memory->content) {
        std::optional<ChangedBlocks> changed =
            read_changed_blocks(options, *options.memory, *file, **blocks);
        if (changed) {
            return changed_zone(*options.memory, *std::move(changed));
        }
    }
    std::optional<BlockwiseReading> read = read_blockwise(options, *file, **blocks);
    if (!read || !read->intake.has_apex_ns()) {
        return std::nullopt;
    }
    return ZoneFileReading{
        .zone = finish(options, read->intake), .included = {}, .memory = std::move(read->memory)};
}

}  // namespace

zone::Digest LoadedZone::content_under(dns::Serial serial) const {
    const auto at = std::find_if(made.begin(), made.end(),
                                 [serial](const auto& each) { return each.first == serial; });
    return at == made.end() ? content : at->second;
}

ZoneFileReading read_zone_file(const LoadOptions& options) {
    std::optional<ZoneFileReading> in_blocks = read_in_blocks(options);
    return in_blocks ? *std::move(in_blocks) : read_front_to_back(options);
}

Result<LoadedZone> load_zone_file(const LoadOptions& options) {
    return read_zone_file(options).zone;
}

}  // namespace twinzone::primary
