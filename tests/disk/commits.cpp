#include "tests/disk/commits.h"

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/store/record_sorter.h"
#include "common/store/store.h"

namespace twinzone::disk {

namespace {

constexpr std::size_t kZones = 4;
constexpr std::uint32_t kVersions = 25;

dns::Name zone_at(std::size_t index) {
    return *dns::Name::from_text(fmt::format("zone{}.test.", index));
}

dns::SoaRecord soa_of(const dns::Name& zone, std::uint32_t serial) {
    dns::SoaRecord soa;
    soa.owner = zone;
    soa.ttl = dns::Ttl{3600};
    soa.serial = dns::Serial{serial};
    soa.refresh = seconds{3600};
    soa.retry = seconds{600};
    soa.expire = seconds{86400};
    return soa;
}

// The first zone is replaced by other names each time; of the others each version changes a few
// records.
std::string text_of(std::size_t zone, std::uint32_t serial, std::uint32_t host) {
    const bool changes = zone == 0 || host % 50 == serial % 50;
    return std::string(80, static_cast<char>('a' + (changes ? serial : host) % 26));
}

Result<std::unique_ptr<store::SortedStream>> content(const std::string& directory, std::size_t zone,
                                                     std::uint32_t serial) {
    store::RecordSorter sorter{directory};
    for (std::uint32_t host = 0; host < 400; ++host) {
        dns::Record record;
        record.owner = *dns::Name::from_text(
            fmt::format("h{}.{}", zone == 0 ? host * 7 + serial : host, zone_at(zone).to_text()));
        record.type = dns::RrType::txt;
        record.ttl = dns::Ttl{300};
        const std::string text = text_of(zone, serial, host);
        record.rdata.push_back(static_cast<std::uint8_t>(text.size()));
        record.rdata.insert(record.rdata.end(), text.begin(), text.end());
        if (Result<void> added = sorter.add(record.view()); !added) {
            return fail(std::move(added).error());
        }
    }
    return sorter.finish();
}

}  // namespace

int commit_versions(const std::string& folder) {
    store::StoreOptions options;
    options.directory = fmt::format("{}/{}", folder, kStore);
    Result<std::unique_ptr<store::Store>> store = store::Store::open(options);
    const int acknowledged = ::open(fmt::format("{}/{}", folder, kAcknowledged).c_str(),
                                    O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (!store || acknowledged < 0) {
        return 1;
    }
    bool failed = false;
    for (std::uint32_t serial = 1; serial <= kVersions; ++serial) {
        for (std::size_t zone = 0; zone < kZones; ++zone) {
            zone::Commit work;
            work.zone = zone_at(zone);
            if (serial > 1) {
                work.base = dns::Serial{serial - 1};
            }
            Result<std::unique_ptr<store::SortedStream>> records =
                content(options.directory, zone, serial);
            if (!records) {
                return 1;
            }
            work.change = zone::ReplaceWith{soa_of(work.zone, serial), *std::move(records)};
            (*store)->submit(std::move(work), [&, zone,
                                               serial](const Result<zone::Committed>& done) {
                const std::string line = fmt::format("{} {}\n", zone_at(zone).to_text(), serial);
                failed = failed || !done ||
                         ::write(acknowledged, line.data(), line.size()) !=
                             static_cast<ssize_t>(line.size());
            });
        }
        (*store)->drain();
    }
    ::close(acknowledged);
    return failed ? 1 : 0;
}

}  // namespace twinzone::disk
