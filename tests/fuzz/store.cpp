// Any octets put into the file of a store: pieces with four octets of place, two of length. The
// store opens, at worst as a fresh one; what it then says it has can be read to its end or is told
// to be damaged.
#include "common/store/store.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "common/store/record_sorter.h"
#include "common/zone/page_records.h"
#include "tests/fuzz/harness.h"
#include "tests/support/records.h"

namespace {

using namespace twinzone;

// A folder for the process, with the file of a small store to begin with.
struct Ground {
    std::string folder;
    Bytes file;

    Ground() {
        std::string pattern = (std::filesystem::temp_directory_path() / "twinzone.XXXXXX").string();
        TWINZONE_ASSERT(mkdtemp(pattern.data()) != nullptr);
        folder = pattern;
        {
            const auto store = open();
            TWINZONE_ASSERT(store.has_value());
            for (const std::uint32_t serial : {1U, 2U}) {
                store::RecordSorter sorter{folder};
                for (std::uint8_t host = 1; host < 200; ++host) {
                    const dns::Record record =
                        test::a(fmt::format("h{}", host), static_cast<std::uint8_t>(host / serial));
                    TWINZONE_ASSERT(sorter.add(record.view()).has_value());
                }
                zone::Commit commit;
                commit.zone = test::apex();
                if (serial > 1) {
                    commit.base = dns::Serial{serial - 1};
                }
                commit.change = zone::ReplaceWith{test::soa_record(serial), *sorter.finish()};
                (*store)->submit(std::move(commit), [](const Result<zone::Committed>& done) {
                    TWINZONE_ASSERT(done.has_value());
                });
                (*store)->drain();
            }
        }
        std::ifstream input{fmt::format("{}/data.mdb", folder), std::ios::binary};
        file.assign(std::istreambuf_iterator<char>{input}, {});
    }
    ~Ground() { std::filesystem::remove_all(folder); }
    Ground(const Ground&) = delete;
    Ground& operator=(const Ground&) = delete;

    [[nodiscard]] Result<std::unique_ptr<store::Store>> open() const {
        store::StoreOptions options;
        options.directory = folder;
        options.max_bytes = std::uint64_t{16} << 20;
        return store::Store::open(std::move(options));
    }
};

void read_all(store::Store& store) {
    std::vector<dns::Name> zones;
    store.visit_zones([&](const zone::ZoneState& state) { zones.push_back(state.zone); });
    for (const dns::Name& zone : zones) {
        const Result<std::shared_ptr<const zone::Snapshot>> snapshot = store.snapshot(zone);
        if (!snapshot) {
            continue;
        }
        zone::PageRecords records{(*snapshot)->pages()};
        for (auto next = records.next(); next && *next; next = records.next()) {
        }
        static_cast<void>((*snapshot)->all_history().has_value());
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static const Ground ground;
    Bytes file = ground.file;
    ByteReader input{ByteView{bytes, size}};
    while (input.remaining() >= 6) {
        const std::size_t place = input.u32() % file.size();
        const std::size_t length = input.u16();
        const ByteView piece = input.bytes(std::min(length, input.remaining()));
        const std::size_t fits = std::min(piece.size(), file.size() - place);
        std::copy_n(piece.begin(), fits, file.begin() + static_cast<std::ptrdiff_t>(place));
    }
    for (const auto& entry : std::filesystem::directory_iterator{ground.folder}) {
        std::filesystem::remove(entry.path());
    }
    std::ofstream output{fmt::format("{}/data.mdb", ground.folder), std::ios::binary};
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): octets as characters
    output.write(reinterpret_cast<const char*>(file.data()),
                 static_cast<std::streamsize>(file.size()));
    output.close();
    const Result<std::unique_ptr<store::Store>> store = ground.open();
    if (!store) {
        TWINZONE_ASSERT(store.error().code() == Errc::store_format);
        return 0;
    }
    read_all(**store);
    (*store)->drain();
    return 0;
}
