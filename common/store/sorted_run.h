// Records in canonical order, in a temporary file that has no name or in memory: what RecordSorter
// spills and merges.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/base/bytes.h"
#include "common/base/file.h"
#include "common/base/result.h"
#include "common/dns/record.h"
#include "common/zone/record_list.h"

namespace twinzone::store {

// Not thread-safe.
class SortedRun {
  public:
    // An empty one, with a file. Errc::disk_full, file_unreadable.
    [[nodiscard]] static Result<std::unique_ptr<SortedRun>> make(const std::string& directory);

    // Keeps the list, which is in order.
    explicit SortedRun(zone::RecordList records) noexcept : records_(std::move(records)) {}
    SortedRun(const SortedRun&) = delete;
    SortedRun& operator=(const SortedRun&) = delete;

    // Records behind all that are here, as RecordList::octets() has them; or those of a list that
    // was sorted. Requires: make() made it; all stay in order. Errc::disk_full, file_unreadable.
    [[nodiscard]] Result<void> append(ByteView octets);
    [[nodiscard]] Result<void> append_sorted(const zone::RecordList& records);

    // Stands at the first record; false where there is none.
    [[nodiscard]] Result<bool> rewind();

    // Stands at the next record; false behind the last.
    [[nodiscard]] Result<bool> advance();

    // Of all its records.
    [[nodiscard]] std::uint64_t octets() const noexcept {
        return file_ ? size_ : records_.octets().size();
    }

    // Where it stands; valid until advance(). Requires: the last rewind() or advance() gave true.
    [[nodiscard]] const dns::RecordView& record() const noexcept { return record_; }

  private:
    explicit SortedRun(File file) noexcept : file_(std::move(file)) {}

    Result<bool> fill();

    std::optional<File> file_;
    zone::RecordList records_;   // where there is no file
    std::size_t next_ = 0;       // in records_
    std::uint64_t size_ = 0;     // octets in the file
    std::uint64_t read_to_ = 0;  // octets of the file that went through the buffer
    Bytes buffer_;               // octets read and not yet consumed begin at at_
    std::size_t at_ = 0;
    dns::RecordView record_;
};

}  // namespace twinzone::store
