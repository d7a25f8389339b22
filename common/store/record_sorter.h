// Puts the records of a zone of any size into canonical order within bounded memory: what comes in
// by AXFR or from a zone file on its way into a ReplaceWith. Sorted runs beyond the bound go to
// temporary files without a name, so that nothing is left behind whatever happens. What comes in
// order already, as most of a transfer does, is not sorted, and makes one long run. Large runs are
// sorted and written by a thread beside, while more comes in.
#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/dns/record.h"
#include "common/zone/record_list.h"
#include "common/zone/record_stream.h"

namespace twinzone::store {

class SortedRun;

// A stream that can be read again from its start: the store compares new content with the old and,
// where they differ too much, writes it whole.
class SortedStream : public zone::RecordStream {
  public:
    [[nodiscard]] virtual Result<void> rewind() = 0;

    // What all records take uncompressed, more or less: how large the content is, before it is
    // read.
    [[nodiscard]] virtual std::uint64_t octets() const noexcept = 0;

    // Duplicates left out so far; whole once next() gave nullopt.
    [[nodiscard]] virtual std::uint64_t dropped() const noexcept = 0;
};

// Not thread-safe; may be filled on one thread and its stream read on another.
class RecordSorter {
  public:
    static constexpr std::size_t kDefaultMemoryBytes = std::size_t{16} << 20;

    // `directory`: where runs are spilled; the store's, on the same disk as what they become.
    explicit RecordSorter(std::string directory, std::size_t memory_bytes = kDefaultMemoryBytes);
    ~RecordSorter();
    RecordSorter(RecordSorter&&) noexcept;
    RecordSorter& operator=(RecordSorter&&) noexcept;

    // Any order. The record is copied. Errc::disk_full, file_unreadable, also of what was added
    // before. Cheap where records come in order already.
    [[nodiscard]] Result<void> add(const dns::RecordView& record);

    // Does what it can before more comes or finish() is called: sorts what is in memory.
    void sort();

    // Takes what `later` has, as added after all that is here: sorters may be filled side by side.
    void append(RecordSorter&& later);

    // Records added so far, duplicates included.
    [[nodiscard]] std::uint64_t added() const noexcept { return added_; }

    // As SortedStream::octets(), of what was added so far.
    [[nodiscard]] std::uint64_t octets() const noexcept;

    // Canonical order; of records that are the same (compare_canonical() is 0) the one added last.
    // The sorter is empty afterwards. Errc::disk_full, file_unreadable.
    [[nodiscard]] Result<std::unique_ptr<SortedStream>> finish();

  private:
    class MergedStream;
    struct Runs;

    Result<void> spill();
    // Until nobody else works on the runs: what has failed so far.
    Result<void> wait();
    void note(Result<void> done);

    std::size_t memory_bytes_;
    zone::RecordList current_;
    bool in_order_ = true;  // current_ is, without having been sorted
    std::uint64_t added_ = 0;
    std::unique_ptr<Runs> runs_;
    std::future<Result<void>> spilling_;  // valid: a thread works on runs_
    std::optional<Error> failed_;         // no run has all that was added
};

}  // namespace twinzone::store
