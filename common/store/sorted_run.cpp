// The file has records as FlatRecord, back to back. It lives no longer than the process: no
// version, no sum.
#include "common/store/sorted_run.h"

#include <algorithm>

namespace twinzone::store {

namespace {

constexpr std::size_t kBufferBytes = std::size_t{128} << 10;

}  // namespace

Result<std::unique_ptr<SortedRun>> SortedRun::make(const std::string& directory) {
    Result<File> file = File::make_unnamed(directory);
    if (!file) {
        return fail(std::move(file).error());
    }
    return std::unique_ptr<SortedRun>{new SortedRun{*std::move(file)}};
}

Result<void> SortedRun::append(ByteView octets) {
    Result<void> written = file_->write(size_, octets);
    size_ += octets.size();
    return written;
}

Result<void> SortedRun::append_sorted(const zone::RecordList& records) {
    Bytes octets;
    octets.reserve(kBufferBytes + zone::FlatRecord::kMaxBytes);
    for (std::size_t i = 0; i < records.size(); ++i) {
        const ByteView record = records.octets_of(i);
        octets.insert(octets.end(), record.begin(), record.end());
        if (octets.size() >= kBufferBytes || i + 1 == records.size()) {
            if (Result<void> appended = append(octets); !appended) {
                return appended;
            }
            octets.clear();
        }
    }
    return {};
}

Result<bool> SortedRun::rewind() {
    next_ = 0;
    read_to_ = 0;
    at_ = 0;
    buffer_.clear();
    return advance();
}

// More octets behind those that are not consumed; false at the file's end.
Result<bool> SortedRun::fill() {
    const auto more =
        static_cast<std::size_t>(std::min<std::uint64_t>(kBufferBytes, size_ - read_to_));
    if (more == 0) {
        return false;
    }
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ = 0;
    const std::size_t held = buffer_.size();
    buffer_.resize(held + more);
    const Result<std::size_t> count = file_->read(read_to_, std::span{buffer_}.subspan(held));
    if (!count) {
        return fail(count.error());
    }
    if (*count < more) {
        return fail(Errc::file_unreadable, "a temporary file ends before its end");
    }
    read_to_ += more;
    return true;
}

Result<bool> SortedRun::advance() {
    if (!file_) {
        if (next_ == records_.size()) {
            return false;
        }
        record_ = records_[next_++];
        return true;
    }
    for (;;) {
        const std::optional<zone::FlatRecord> read =
            zone::FlatRecord::read(ByteView{buffer_}.subspan(at_));
        if (read) {
            record_ = read->record;
            at_ += read->bytes;
            return true;
        }
        const Result<bool> filled = fill();
        if (!filled) {
            return fail(filled.error());
        }
        if (!*filled) {
            return at_ == buffer_.size()
                       ? Result<bool>{false}
                       : fail(Errc::file_unreadable, "a temporary file ends within a record");
        }
    }
}

}  // namespace twinzone::store
