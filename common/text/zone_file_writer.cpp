#include "common/text/zone_file_writer.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/text/encoding.h"
#include "common/text/ldns_rdata.h"
#include "common/text/name_text.h"
#include "common/text/rdata_writer.h"
#include "common/text/type_text.h"

namespace twinzone::text {

namespace {

constexpr std::size_t kFlushBytes = 1U << 18;
constexpr int kNoFile = -1;

// A text longer than this may overrun what other servers read as one record (BIND's token is 64 KiB
// and our entry kMaxEntryBytes): escapes make it up to four times the rdata.
constexpr std::size_t kMaxFieldTextBytes = 61440;

Failure fail_system(const std::string& path, std::string_view what, int code) {
    const bool full = code == ENOSPC || code == EDQUOT;
    return fail(full ? Errc::disk_full : Errc::file_unreadable,
                fmt::format("{}: {}: {}", path, what, std::strerror(code)));
}

// RFC 3597 §5
void append_unknown(ByteView rdata, std::string& out) {
    fmt::format_to(std::back_inserter(out), "\\# {}", rdata.size());
    if (!rdata.empty()) {
        out.push_back(' ');
        append_hex(rdata, out);
    }
}

}  // namespace

void append_rdata_text(dns::RrType type, ByteView rdata, std::string& out) {
    const std::size_t before = out.size();
    if (is_widely_known(type) &&
        (append_rdata_fields(type, rdata, out) || append_rdata_by_ldns(type, rdata, out))) {
        if (out.size() - before <= kMaxFieldTextBytes) {
            return;
        }
        out.resize(before);
    }
    append_unknown(rdata, out);
}

void append_record(const dns::RecordView& record, std::string& out) {
    append_name(record.owner, out);
    out.push_back('\t');
    const fmt::format_int ttl{record.ttl.value()};
    out.append(ttl.data(), ttl.size());
    out.push_back('\t');
    if (record.rr_class == dns::RrClass::in) {
        out += "IN";
    } else {
        out += dns::to_text(record.rr_class);
    }
    out.push_back('\t');
    append_type_text(record.type, out);
    out.push_back('\t');
    append_rdata_text(record.type, record.rdata, out);
    out.push_back('\n');
}

Result<ZoneFileWriter> ZoneFileWriter::create(const std::string& path) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (fd < 0) {
        return fail_system(path, "cannot create", errno);
    }
    return ZoneFileWriter{path, fd};
}

ZoneFileWriter::ZoneFileWriter(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

ZoneFileWriter::ZoneFileWriter(ZoneFileWriter&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, kNoFile)),
      pending_(std::move(other.pending_)),
      empty_(other.empty_) {}

ZoneFileWriter::~ZoneFileWriter() {
    if (fd_ != kNoFile) {
        ::close(fd_);
    }
}

Result<void> ZoneFileWriter::append(const dns::RecordView& record) {
    TWINZONE_ASSERT(fd_ != kNoFile);
    TWINZONE_ASSERT(!empty_ || record.type == dns::RrType::soa);
    empty_ = false;
    append_record(record, pending_);
    return pending_.size() < kFlushBytes ? Result<void>{} : flush();
}

Result<void> ZoneFileWriter::finish() {
    TWINZONE_ASSERT(fd_ != kNoFile);
    if (Result<void> flushed = flush(); !flushed) {
        return flushed;
    }
    if (::fsync(fd_) != 0) {
        return fail_system(path_, "cannot sync", errno);
    }
    if (::close(std::exchange(fd_, kNoFile)) != 0) {
        return fail_system(path_, "cannot close", errno);
    }
    return {};
}

Result<void> ZoneFileWriter::flush() {
    std::string_view left = pending_;
    while (!left.empty()) {
        const ssize_t written = ::write(fd_, left.data(), left.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return fail_system(path_, "cannot write", errno);
        }
        left.remove_prefix(static_cast<std::size_t>(written));
    }
    pending_.clear();
    return {};
}

}  // namespace twinzone::text
