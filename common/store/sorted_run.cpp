// A record in the file: u16 octets of owner, owner, u16 type, u16 class, u32 TTL, u16 octets of
// rdata, rdata. The file lives no longer than the process: no version, no sum.
#include "common/store/sorted_run.h"

#include <algorithm>

namespace twinzone::store {

namespace {

constexpr std::size_t kBufferBytes = std::size_t{256} << 10;
constexpr std::size_t kFixedBytes = 12;  // all of a record but owner and rdata

Failure cut_off() {
    return fail(Errc::file_unreadable, "a temporary file ends before its end");
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
    Result<File> file = File::make_unnamed(directory);
    if (!file) {
        return fail(std::move(file).error());
    }
    std::unique_ptr<SortedRun> run{new SortedRun{*std::move(file)}};
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

Result<void> SortedRun::append(ByteView octets) {
    Result<void> written = file_->write(size_, octets);
    size_ += octets.size();
    return written;
}

Result<bool> SortedRun::rewind() {
    next_ = 0;
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
        const Result<std::size_t> count = file_->read(read_to_, std::span{buffer_}.subspan(held));
        if (!count) {
            return fail(count.error());
        }
        if (*count < more) {
            return cut_off();
        }
        read_to_ += more;
    }
    return buffer_.size() >= wanted;
}

Result<bool> SortedRun::advance() {
    if (!file_) {
        if (next_ == records_.size()) {
            return false;
        }
        record_ = records_[next_++];
        return true;
    }
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
        return cut_off();
    }
    at_ += reader.offset();
    return true;
}

}  // namespace twinzone::store
