// A record in the file: u16 octets of owner, owner, u16 type, u16 class, u32 TTL, u16 octets of
// rdata, rdata. The file lives no longer than the process: no version, no sum.
#include "common/store/sorted_run.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace twinzone::store {

namespace {

constexpr std::size_t kBufferBytes = std::size_t{256} << 10;
constexpr std::size_t kFixedBytes = 12;  // all of a record but owner and rdata

Failure file_failure(const char* doing, int reason) {
    const bool full = reason == ENOSPC || reason == EDQUOT || reason == EFBIG;
    return fail(full ? Errc::disk_full : Errc::file_unreadable,
                fmt::format("{} a temporary file: {}", doing, std::strerror(reason)));
}

// A file without a name, or with one that is taken away at once where the file system cannot.
int open_unnamed(const std::string& directory) {
    const int unnamed = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (unnamed >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) {
        return unnamed;
    }
    std::string path = directory + "/sort.XXXXXX";
    const int named = mkostemp(path.data(), O_CLOEXEC);
    if (named >= 0) {
        ::unlink(path.c_str());
    }
    return named;
}

void encode(const dns::RecordView& record, Bytes& out) {
    ByteWriter writer{out};
    writer.u16(static_cast<std::uint16_t>(record.owner.size()));
    writer.bytes(record.owner.wire());
    writer.u16(dns::value(record.type));
    writer.u16(dns::value(record.rr_class));
    writer.u32(record.ttl.value());
    writer.u16(static_cast<std::uint16_t>(record.rdata.size()));
    writer.bytes(record.rdata);
}

}  // namespace

Result<std::unique_ptr<SortedRun>> SortedRun::write(const std::string& directory,
                                                    const zone::RecordList& records) {
    const int descriptor = open_unnamed(directory);
    if (descriptor < 0) {
        return file_failure("making", errno);
    }
    std::unique_ptr<SortedRun> run{new SortedRun{descriptor}};
    Bytes octets;
    octets.reserve(kBufferBytes + dns::kMaxRdataBytes + dns::kMaxNameBytes);
    for (std::size_t i = 0; i < records.size(); ++i) {
        encode(records[i], octets);
        if (octets.size() >= kBufferBytes || i + 1 == records.size()) {
            if (Result<void> appended = run->append(octets); !appended) {
                return fail(std::move(appended).error());
            }
            octets.clear();
        }
    }
    return run;
}

SortedRun::~SortedRun() {
    ::close(descriptor_);
}

Result<void> SortedRun::append(ByteView octets) {
    while (!octets.empty()) {
        const ssize_t count =
            ::pwrite(descriptor_, octets.data(), octets.size(), static_cast<off_t>(size_));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return file_failure("writing", errno);
        }
        octets = octets.subspan(static_cast<std::size_t>(count));
        size_ += static_cast<std::uint64_t>(count);
    }
    return {};
}

Result<bool> SortedRun::rewind() {
    read_to_ = 0;
    at_ = 0;
    buffer_.clear();
    return advance();
}

// Sees to it that `wanted` octets stand in the buffer from at_ on; false at the file's end.
Result<bool> SortedRun::fill(std::size_t wanted) {
    if (buffer_.size() - at_ >= wanted) {
        return true;
    }
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ = 0;
    while (buffer_.size() < wanted && read_to_ < size_) {
        const std::size_t held = buffer_.size();
        const auto more = static_cast<std::size_t>(
            std::min<std::uint64_t>(std::max(kBufferBytes, wanted), size_ - read_to_));
        buffer_.resize(held + more);
        const ssize_t count =
            ::pread(descriptor_, buffer_.data() + held, more, static_cast<off_t>(read_to_));
        const int reason = errno;
        buffer_.resize(held + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        if (count < 0 && reason != EINTR) {
            return file_failure("reading", reason);
        }
        if (count == 0) {
            return file_failure("reading", EIO);
        }
        read_to_ += static_cast<std::uint64_t>(std::max<ssize_t>(count, 0));
    }
    return buffer_.size() >= wanted;
}

Result<bool> SortedRun::advance() {
    Result<bool> filled = fill(2);
    if (!filled || !*filled) {
        return filled;
    }
    const std::size_t owner_bytes = load_u16(buffer_.data() + at_);
    filled = fill(kFixedBytes + owner_bytes);
    if (filled && *filled) {
        const std::size_t rdata_bytes =
            load_u16(buffer_.data() + at_ + kFixedBytes + owner_bytes - 2);
        filled = fill(kFixedBytes + owner_bytes + rdata_bytes);
    }
    if (!filled) {
        return filled;
    }
    ByteReader reader{ByteView{buffer_}.subspan(at_)};
    record_.owner = dns::NameView::unchecked(reader.bytes(reader.u16()));
    record_.type = dns::RrType{reader.u16()};
    record_.rr_class = dns::RrClass{reader.u16()};
    record_.ttl = dns::Ttl{reader.u32()};
    record_.rdata = reader.bytes(reader.u16());
    if (reader.failed()) {
        return file_failure("reading", EIO);
    }
    at_ += reader.offset();
    return true;
}

}  // namespace twinzone::store
