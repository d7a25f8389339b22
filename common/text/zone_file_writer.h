// Writes records in presentation form (RFC 1035 §5, RFC 3597 §5), one a line, names absolute. What
// it prints, ZoneFileReader reads back to the same octets. Types that the older of the servers in
// use do not know, and rdata that does not fit its type, are written as "\# length hex".
#pragma once

#include <string>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/dns/record.h"

namespace twinzone::text {

// Appends "owner TTL class type rdata\n", fields parted by one space or tab.
void append_record(const dns::RecordView& record, std::string& out);

// Appends the rdata field alone, without a line end.
void append_rdata_text(dns::RrType type, ByteView rdata, std::string& out);

// Writes one zone to one file in large runs. Atomic replacement (temporary name, rename) is the
// caller's. Not thread-safe.
class ZoneFileWriter {
  public:
    // Creates or empties `path`, mode 0640 less the umask. Errc::file_unreadable with path and
    // reason.
    [[nodiscard]] static Result<ZoneFileWriter> create(const std::string& path);

    ZoneFileWriter(ZoneFileWriter&& other) noexcept;
    ZoneFileWriter& operator=(ZoneFileWriter&& other) = delete;
    ~ZoneFileWriter();  // without finish() the file is left incomplete

    // Requires: the first record is the apex SOA. Errc::disk_full or Errc::file_unreadable.
    [[nodiscard]] Result<void> append(const dns::RecordView& record);

    // Writes what is left, syncs and closes. Requires: not finished before.
    [[nodiscard]] Result<void> finish();

  private:
    ZoneFileWriter(std::string path, int fd);
    [[nodiscard]] Result<void> flush();

    std::string path_;
    int fd_;
    std::string pending_;
    bool empty_ = true;
};

}  // namespace twinzone::text
