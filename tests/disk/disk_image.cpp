#include "tests/disk/disk_image.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

namespace twinzone::disk {

namespace {

void put(Bytes& file, std::uint64_t offset, ByteView octets) {
    file.resize(std::max<std::size_t>(file.size(), offset + octets.size()));
    std::copy(octets.begin(), octets.end(), file.begin() + static_cast<std::ptrdiff_t>(offset));
}

void apply_to(Bytes& file, const Change& change) {
    if (change.kind == Kind::truncate) {
        file.resize(change.offset);
    } else {
        put(file, change.offset, change.bytes);
    }
}

// Some sectors of a write.
void apply_torn(Bytes& file, const Change& change, Random& random) {
    if (change.kind == Kind::truncate) {
        if (random.below(2) == 0) {
            file.resize(change.offset);
        }
        return;
    }
    const std::uint64_t keep = random.below(3);  // none, all, or each by itself
    std::size_t at = 0;
    while (at < change.bytes.size()) {
        const std::uint64_t offset = change.offset + at;
        const std::size_t size =
            std::min<std::size_t>(kSectorBytes - offset % kSectorBytes, change.bytes.size() - at);
        if (keep == 1 || (keep == 2 && random.below(2) == 0)) {
            put(file, offset, ByteView{change.bytes}.subspan(at, size));
        }
        at += size;
    }
}

}  // namespace

std::vector<Change> read_record(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    const Bytes all{std::istreambuf_iterator<char>{file}, {}};
    std::vector<Change> changes;
    std::size_t at = 0;
    while (all.size() - at >= sizeof(Entry)) {
        Entry entry;
        std::memcpy(&entry, all.data() + at, sizeof entry);
        at += sizeof entry;
        if (all.size() - at < std::size_t{entry.path_size} + entry.size) {
            break;
        }
        const auto begin = all.begin() + static_cast<std::ptrdiff_t>(at);
        const auto octets = begin + entry.path_size;
        changes.push_back({.kind = entry.kind,
                           .path = std::string{begin, octets},
                           .offset = entry.offset,
                           .bytes = Bytes{octets, octets + entry.size}});
        at += std::size_t{entry.path_size} + entry.size;
    }
    return changes;
}

// A rename is there at once or after a while, but never before the file's own sync: file systems
// keep that order, so it is applied as it comes.
void DiskImage::apply(const Change& change) {
    switch (change.kind) {
        case Kind::write:
        case Kind::truncate: files_[change.path].pending.push_back(change); return;
        case Kind::write_through:
        case Kind::sync: {
            File& file = files_[change.path];
            if (change.kind == Kind::write_through) {
                // That write is on the disk; what was pending before it stays so.
                apply_to(file.synced, change);
                return;
            }
            for (const Change& pending : file.pending) {
                apply_to(file.synced, pending);
            }
            file.pending.clear();
            return;
        }
        case Kind::rename: {
            auto node = files_.extract(change.path);
            if (!node.empty()) {
                files_.insert_or_assign(std::string{as_text(change.bytes)},
                                        std::move(node.mapped()));
            }
            return;
        }
        case Kind::unlink: files_.erase(change.path); return;
    }
}

std::map<std::string, Bytes> DiskImage::after_power_loss(Random& random) const {
    std::map<std::string, Bytes> out;
    for (const auto& [path, file] : files_) {
        Bytes& bytes = out[path];
        bytes = file.synced;
        for (const Change& change : file.pending) {
            apply_torn(bytes, change, random);
        }
    }
    return out;
}

Bytes DiskImage::seen(const std::string& path) const {
    const auto at = files_.find(path);
    Bytes bytes;
    if (at != files_.end()) {
        bytes = at->second.synced;
        for (const Change& change : at->second.pending) {
            apply_to(bytes, change);
        }
    }
    return bytes;
}

}  // namespace twinzone::disk
