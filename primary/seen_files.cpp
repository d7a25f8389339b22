#include "primary/seen_files.h"

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

#include "common/config/file_text.h"

namespace twinzone::primary {

namespace {

// Format and version; then entries, then XXH3-128 over all before it.
constexpr std::string_view kMagic = "twinzone seen files 2\n";
constexpr std::size_t kDigestBytes = 16;
constexpr std::size_t kMaxFileBytes = std::size_t{4} << 30;

void put_digest(ByteWriter& writer, const zone::Digest& digest) {
    writer.u64(digest.high());
    writer.u64(digest.low());
}

zone::Digest take_digest(ByteReader& reader) {
    const std::uint64_t high = reader.u64();
    return zone::Digest{high, reader.u64()};
}

void put(ByteWriter& writer, const SeenFile& seen) {
    const ByteView name = seen.zone.view().wire();
    writer.bytes(name);
    writer.u64(seen.file.all);
    writer.u32(seen.file.which);
    put_digest(writer, seen.version);
    writer.u8(static_cast<std::uint8_t>(seen.serial_policy));
    writer.u8(static_cast<std::uint8_t>(seen.zonemd));
}

SeenFile take(ByteReader& reader, dns::NameView zone) {
    SeenFile seen;
    seen.zone = dns::Name{zone};
    seen.file.all = reader.u64();
    seen.file.which = reader.u32();
    seen.version = take_digest(reader);
    seen.serial_policy = static_cast<config::SerialPolicy>(reader.u8());
    seen.zonemd = static_cast<config::ZonemdMode>(reader.u8());
    return seen;
}

std::vector<SeenFile> read(ByteView octets) {
    std::vector<SeenFile> all;
    if (octets.size() < kMagic.size() + kDigestBytes) {
        return all;
    }
    const ByteView body = octets.first(octets.size() - kDigestBytes);
    ByteReader sum{octets.last(kDigestBytes)};
    if (as_text(body.first(kMagic.size())) != kMagic ||
        take_digest(sum) != zone::Digest::of_octets(body)) {
        return all;
    }
    ByteView rest = body.subspan(kMagic.size());
    while (!rest.empty()) {
        const Result<dns::NameView> zone = dns::NameView::parse(rest);
        if (!zone) {
            return {};
        }
        ByteReader reader{rest.subspan(zone->size())};
        all.push_back(take(reader, *zone));
        if (reader.failed()) {
            return {};
        }
        rest = rest.subspan(zone->size() + reader.offset());
    }
    return all;
}

}  // namespace

Result<void> write_seen_files(const std::string& path, const std::vector<SeenFile>& seen) {
    Bytes octets;
    ByteWriter writer{octets};
    writer.bytes(as_bytes(kMagic));
    for (const SeenFile& each : seen) {
        put(writer, each);
    }
    put_digest(writer, zone::Digest::of_octets(octets));
    const std::string temporary = fmt::format("{}.new", path);
    std::ofstream out{temporary, std::ios::binary | std::ios::trunc};
    out.write(reinterpret_cast<const char*>(octets.data()),
              static_cast<std::streamsize>(octets.size()));
    out.close();
    if (!out || std::rename(temporary.c_str(), path.c_str()) != 0) {
        const int reason = errno;
        std::remove(temporary.c_str());
        return fail(Errc::file_unreadable,
                    fmt::format("{}: {}", path, std::generic_category().message(reason)));
    }
    return {};
}

std::vector<SeenFile> take_seen_files(const std::string& path) {
    const Result<config::FileText> file = config::read_file(path, kMaxFileBytes);
    std::remove(path.c_str());
    return file ? read(as_bytes(file->text)) : std::vector<SeenFile>{};
}

}  // namespace twinzone::primary
