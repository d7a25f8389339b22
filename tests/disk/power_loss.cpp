// What is left of a store when the power goes, at every moment of a record of its disk.
//   power_loss [STATES [SEED]]            records a store at work, then looks at so many states
//   power_loss --check RECORD STATES SEED looks at a record of a program (store in "store/", each
//                                         version acknowledged by the rename of its zone file)
// A state: what was synced, and of the rest each sector or not. In each the store must open as it
// is, whole, with every version that was acknowledged before.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/store/store.h"
#include "common/zone/digest.h"
#include "common/zone/page_records.h"
#include "tests/disk/commits.h"
#include "tests/disk/disk_image.h"

namespace {

using namespace twinzone;
using disk::Change;
using disk::DiskImage;
using disk::Kind;

using Serials = std::map<std::string, std::uint32_t>;  // by zone

// Lines "ZONE SERIAL".
void note_lines(const Change& change, Serials& told) {
    std::istringstream lines{std::string{as_text(change.bytes)}};
    std::string zone;
    std::uint32_t serial = 0;
    while (lines >> zone >> serial) {
        told[zone] = serial;
    }
}

// A zone file that took its name: the SOA is its first record.
void note_zone_file(const Change& change, const DiskImage& disk, Serials& told) {
    const std::string to{as_text(change.bytes)};
    if (!to.ends_with(".zone")) {
        return;
    }
    const Bytes file = disk.seen(change.path);
    std::istringstream text{std::string{as_text(file)}};
    std::string word;
    while (text >> word && word != "SOA") {
    }
    std::uint32_t serial = 0;
    if (text >> word >> word >> serial) {
        const std::filesystem::path name{to};
        told[fmt::format("{}.", name.stem().string())] = serial;
    }
}

bool is_whole(const zone::Snapshot& snapshot) {
    zone::Digest digest;
    digest.add(snapshot.version().soa.record().view());
    zone::PageRecords records{snapshot.pages()};
    while (true) {
        const Result<std::optional<dns::RecordView>> record = records.next();
        if (!record) {
            return false;
        }
        if (!*record) {
            return digest == snapshot.version().digest;
        }
        digest.add(**record);
    }
}

// What is wrong with the store in `directory`; empty: nothing.
std::string fault_of(const std::string& directory, const Serials& told) {
    store::StoreOptions options;
    options.directory = directory;
    Result<std::unique_ptr<store::Store>> store = store::Store::open(options);
    if (!store) {
        return fmt::format("it does not open: {}", store.error().detail());
    }
    const store::Opening& opening = (*store)->opening();
    // A file whose very first pages were on their way may be set aside: nothing was in it yet.
    if (!told.empty() && (!opening.set_aside.empty() || !opening.damaged_zones.empty())) {
        return fmt::format("it is damaged: {}", opening.set_aside_why);
    }
    for (const auto& [text, serial] : told) {
        const dns::Name zone = *dns::Name::from_text(text);
        const Result<std::shared_ptr<const zone::Snapshot>> snapshot = (*store)->snapshot(zone);
        if (!snapshot) {
            return fmt::format("{} {} is lost: {}", text, serial, snapshot.error().detail());
        }
        const std::uint32_t has = (*snapshot)->version().serial().value();
        if (has < serial) {
            return fmt::format("{} {} is lost: it has {}", text, serial, has);
        }
        if (!is_whole(**snapshot)) {
            return fmt::format("{} {} is not whole", text, has);
        }
    }
    (*store)->drain();
    return {};
}

// The store's files of a state, as files.
void write_state(const std::map<std::string, Bytes>& files, const std::filesystem::path& to) {
    std::filesystem::remove_all(to);
    std::filesystem::create_directories(to);
    const std::string prefix = fmt::format("{}/", disk::kStore);
    for (const auto& [path, bytes] : files) {
        // Locks and reader tables are of the machine that went down.
        if (path.starts_with(prefix) && path.ends_with("data.mdb")) {
            std::ofstream file{to / path.substr(prefix.size()), std::ios::binary};
            file.write(reinterpret_cast<const char*>(bytes.data()),
                       static_cast<std::streamsize>(bytes.size()));
        }
    }
}

struct Tally {
    std::size_t states = 0;
    std::size_t wrong = 0;
};

void try_state(const DiskImage& image, const Serials& told, Random& random,
               const std::filesystem::path& folder, Tally& tally) {
    write_state(image.after_power_loss(random), folder);
    const std::string fault = fault_of(folder.string(), told);
    ++tally.states;
    if (!fault.empty()) {
        ++tally.wrong;
        std::printf("power loss: %s\n", fault.c_str());
    }
}

// States are spread evenly over the changes of the store, each with a draw of its own.
int check(const std::string& record, std::size_t states, std::uint64_t seed) {
    const std::vector<Change> changes = disk::read_record(record);
    const std::filesystem::path folder = fmt::format("{}.state", record);
    DiskImage image;
    Serials told;
    Random random{seed};
    Tally tally;
    std::size_t acknowledged = 0;
    for (std::size_t at = 0; at < changes.size(); ++at) {
        const Change& change = changes[at];
        if (change.path == disk::kAcknowledged) {
            note_lines(change, told);
            ++acknowledged;
        } else if (change.kind == Kind::rename) {
            note_zone_file(change, image, told);
            ++acknowledged;
        }
        // A write that syncs itself is on its way first.
        Change way = change;
        if (change.kind == Kind::write_through && random.below(2) == 0) {
            way.kind = Kind::write;
            DiskImage before = image;
            before.apply(way);
            try_state(before, told, random, folder, tally);
        }
        image.apply(change);
        const std::size_t due = states * (at + 1) / changes.size();
        while (tally.states < due) {
            try_state(image, told, random, folder, tally);
        }
    }
    std::filesystem::remove_all(folder);
    std::printf("%zu changes of the disk, %zu acknowledgements, %zu states, %zu wrong\n",
                changes.size(), acknowledged, tally.states, tally.wrong);
    return tally.wrong == 0 && tally.states > 0 && acknowledged > 0 ? 0 : 1;
}

int record_commits(const std::string& program, const std::string& folder) {
    const pid_t child = fork();
    if (child == 0) {
        setenv("LD_PRELOAD", TWINZONE_DISK_SHIM, 1);
        setenv("TWINZONE_DISK_FOLDER", folder.c_str(), 1);
        setenv("TWINZONE_DISK_RECORD", fmt::format("{}.record", folder).c_str(), 1);
        execl(program.c_str(), program.c_str(), "--commit", folder.c_str(), nullptr);
        _exit(127);
    }
    int status = 0;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

std::uint64_t number(const char* text) {
    return std::strtoull(text, nullptr, 10);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string verb = argc > 1 ? argv[1] : "";
    if (verb == "--commit" && argc > 2) {
        return disk::commit_versions(argv[2]);
    }
    if (verb == "--check" && argc > 4) {
        return check(argv[2], number(argv[3]), number(argv[4]));
    }
    std::string pattern = (std::filesystem::temp_directory_path() / "twinzone.XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) {
        return 1;
    }
    const int recorded = record_commits("/proc/self/exe", pattern);
    const int checked =
        recorded != 0 ? recorded
                      : check(fmt::format("{}.record", pattern), argc > 1 ? number(argv[1]) : 400,
                              argc > 2 ? number(argv[2]) : 1);
    std::filesystem::remove_all(pattern);
    std::filesystem::remove(fmt::format("{}.record", pattern));
    return checked;
}
