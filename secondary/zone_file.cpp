#include "secondary/zone_file.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/text/zone_file_reader.h"
#include "common/text/zone_file_writer.h"
#include "common/zone/page_records.h"

namespace twinzone::secondary {

namespace {

std::string previous_of(const std::string& path) {
    return fmt::format("{}.previous", path);
}

// One name: what a process that was killed left there is written over. The store's lock keeps two
// from writing one file.
std::string temporary_of(const std::string& path) {
    return fmt::format("{}.new", path);
}

Failure failed(const std::string& path, const char* what) {
    const int error = errno;
    return fail(error == ENOSPC || error == EDQUOT ? Errc::disk_full : Errc::file_unreadable,
                fmt::format("{}: {}: {}", path, what, std::generic_category().message(error)));
}

Result<void> write_records(const zone::Snapshot& snapshot, const std::string& path) {
    Result<text::ZoneFileWriter> writer = text::ZoneFileWriter::create(path);
    if (!writer) {
        return fail(std::move(writer).error());
    }
    if (Result<void> soa = writer->append(snapshot.version().soa.record().view()); !soa) {
        return soa;
    }
    zone::PageRecords records{snapshot.pages()};
    while (true) {
        Result<std::optional<dns::RecordView>> record = records.next();
        if (!record) {
            return fail(std::move(record).error());
        }
        if (!*record) {
            return writer->finish();
        }
        if (Result<void> written = writer->append(**record); !written) {
            return written;
        }
    }
}

// What another server will read must be the version, not what we meant to write.
Result<void> read_back(const zone::Snapshot& snapshot, const std::string& path) {
    text::ZoneFileOptions options;
    options.origin = snapshot.version().soa.owner;
    Result<text::ZoneFileReader> reader = text::ZoneFileReader::open(path, std::move(options));
    if (!reader) {
        return fail(std::move(reader).error());
    }
    zone::Digest digest;
    while (true) {
        Result<std::optional<dns::RecordView>> record = reader->next();
        if (!record) {
            return fail(std::move(record).error());
        }
        if (!*record) {
            break;
        }
        digest.add(**record);
    }
    if (!(digest == snapshot.version().digest)) {
        return fail(Errc::internal,
                    fmt::format("{}: does not read back as the version with digest {}", path,
                                snapshot.version().digest.to_text()));
    }
    return {};
}

Result<void> sync_folder(const std::string& folder) {
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return failed(folder, "cannot open the folder");
    }
    const bool synced = ::fsync(fd) == 0;
    const Failure failure = failed(folder, "cannot sync the folder");
    ::close(fd);
    return synced ? Result<void>{} : Result<void>{failure};
}

Result<void> sync_folder_of(const std::string& path) {
    const std::string folder = std::filesystem::path{path}.parent_path().string();
    return sync_folder(folder.empty() ? "." : folder);
}

// Who could read the old file can read the new one. What we may not give is left as it is: then we
// are not root, and the server reads by the group that the folder or the operator gave.
void give_access(const std::string& temporary, const std::string& path) {
    struct stat old {};
    if (::stat(path.c_str(), &old) == 0) {
        if (::chown(temporary.c_str(), old.st_uid, old.st_gid) != 0 &&
            ::chown(temporary.c_str(), static_cast<uid_t>(-1), old.st_gid) != 0) {
            return;  // its mode would be another group's
        }
        ::chmod(temporary.c_str(), old.st_mode & 07777U);
        return;
    }
    std::string folder = std::filesystem::path{path}.parent_path().string();
    folder = folder.empty() ? "." : folder;
    if (::stat(folder.c_str(), &old) == 0 &&
        ::chown(temporary.c_str(), static_cast<uid_t>(-1), old.st_gid) != 0) {
        return;
    }
}

// By a second name for the same file where the file system has such, by a copy where it has not.
Result<void> keep(const std::string& path) {
    const std::string previous = previous_of(path);
    ::unlink(previous.c_str());
    if (::link(path.c_str(), previous.c_str()) == 0 || errno == ENOENT) {
        return {};
    }
    std::error_code error;
    std::filesystem::copy_file(path, previous, error);
    if (error) {
        return fail(Errc::file_unreadable,
                    fmt::format("{}: cannot be kept as {}: {}", path, previous, error.message()));
    }
    return {};
}

}  // namespace

Result<void> write_zone_file(const zone::Snapshot& snapshot, const std::string& path,
                             OldFile old_file) {
    const std::string temporary = temporary_of(path);
    Result<void> written = write_records(snapshot, temporary);
    if (written) {
        written = read_back(snapshot, temporary);
    }
    if (written && old_file == OldFile::kept) {
        written = keep(path);
    }
    if (written) {
        give_access(temporary, path);
    }
    if (written && std::rename(temporary.c_str(), path.c_str()) != 0) {
        written = failed(path, "cannot put the new file in place");
    }
    if (!written) {
        ::unlink(temporary.c_str());
        return written;
    }
    return sync_folder_of(path);
}

Result<void> put_back_zone_file(const std::string& path) {
    const std::string previous = previous_of(path);
    // As of now: servers pass over a file that is not newer than what they have read.
    ::utimensat(AT_FDCWD, previous.c_str(), nullptr, 0);
    if (std::rename(previous.c_str(), path.c_str()) != 0) {
        return errno == ENOENT ? fail(Errc::not_found, fmt::format("{}: not there", previous))
                               : failed(previous, "cannot be put back");
    }
    return sync_folder_of(path);
}

void drop_previous_zone_file(const std::string& path) {
    ::unlink(previous_of(path).c_str());
}

void drop_unfinished_zone_file(const std::string& path) {
    ::unlink(temporary_of(path).c_str());
}

bool has_previous_zone_file(const std::string& path) {
    return ::access(previous_of(path).c_str(), F_OK) == 0;
}

std::optional<dns::Serial> serial_in_zone_file(const std::string& path, const dns::Name& zone) {
    text::ZoneFileOptions options;
    options.origin = zone;
    Result<text::ZoneFileReader> reader = text::ZoneFileReader::open(path, std::move(options));
    if (!reader) {
        return std::nullopt;
    }
    const Result<std::optional<dns::RecordView>> record = reader->next();
    if (!record || !*record || (*record)->type != dns::RrType::soa) {
        return std::nullopt;
    }
    const Result<dns::SoaRecord> soa = dns::SoaRecord::parse(**record);
    return soa ? std::optional{soa->serial} : std::nullopt;
}

}  // namespace twinzone::secondary
