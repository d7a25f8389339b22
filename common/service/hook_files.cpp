#include "common/service/hook_files.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/service/old_version.h"
#include "common/service/zone_text.h"

namespace twinzone::service {

namespace {

constexpr mode_t kFolderMode = 0700;
constexpr mode_t kFileMode = 0600;

Failure failed(const std::string& path) {
    const int error = errno;
    return fail(error == ENOSPC || error == EDQUOT ? Errc::disk_full : Errc::file_unreadable,
                fmt::format("{}: {}", path, std::generic_category().message(error)));
}

Result<void> write_all(int descriptor, std::string_view text, const std::string& path) {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            return failed(path);
        }
        text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    return {};
}

// Not synced: after a crash nobody looks for it.
Result<void> write_text(TextSource& source, const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode);
    if (descriptor < 0) {
        return failed(path);
    }
    Result<void> written;
    bool more = true;
    while (written && more) {
        std::string piece;
        const Result<bool> filled = source.fill(piece);
        written = filled ? write_all(descriptor, piece, path) : fail(filled.error());
        more = filled && *filled;
    }
    ::close(descriptor);
    return written;
}

}  // namespace

Result<std::unique_ptr<HookFiles>> HookFiles::create(const std::string& folder) {
    if (::mkdir(folder.c_str(), kFolderMode) != 0) {
        return failed(folder);
    }
    return std::unique_ptr<HookFiles>{new HookFiles{folder}};
}

HookFiles::~HookFiles() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

Result<void> HookFiles::write(const std::shared_ptr<const zone::Snapshot>& snapshot,
                              std::optional<dns::Serial> old) {
    const VersionPlace now{.back = 0, .soa = snapshot->version().soa};
    Result<std::unique_ptr<zone::RecordStream>> records = records_at(*snapshot, now, folder_);
    if (!records) {
        return fail(std::move(records).error());
    }
    ContentText content{{.soa = now.soa, .records = std::move(*records), .keeps = snapshot}, false};
    if (Result<void> written = write_text(content, folder_ + "/zone"); !written) {
        return written;
    }
    zone_file_ = folder_ + "/zone";
    const Result<VersionPlace> before =
        old ? find_version(*snapshot, *old) : fail(Errc::not_found, "the first version");
    if (!before) {
        return before.error().code() == Errc::not_found ? Result<void>{} : fail(before.error());
    }
    Result<Touched> touched = touched_between(*snapshot, *before, now, folder_);
    if (!touched) {
        return fail(std::move(touched).error());
    }
    DiffText diff{{.soa = before->soa, .records = std::move(touched->before), .keeps = snapshot},
                  {.soa = now.soa, .records = std::move(touched->after), .keeps = snapshot},
                  DiffForm::lines,
                  false};
    Result<void> written = write_text(diff, folder_ + "/diff");
    if (written) {
        diff_file_ = folder_ + "/diff";
    }
    return written;
}

Result<void> HookFiles::write(const std::shared_ptr<const store::HeldSnapshot>& snapshot) {
    const dns::SoaRecord& soa = snapshot->held().version.soa;
    Result<std::unique_ptr<zone::RecordStream>> content = snapshot->held_records();
    Result<std::unique_ptr<zone::RecordStream>> after = snapshot->held_records();
    if (!content || !after) {
        return fail(!content ? content.error() : after.error());
    }
    ContentText zone{{.soa = soa, .records = std::move(*content), .keeps = snapshot}, false};
    if (Result<void> written = write_text(zone, folder_ + "/zone"); !written) {
        return written;
    }
    zone_file_ = folder_ + "/zone";
    DiffText diff{{.soa = snapshot->in_service().soa,
                   .records = snapshot->records_in_service(),
                   .keeps = snapshot},
                  {.soa = soa, .records = std::move(*after), .keeps = snapshot},
                  DiffForm::lines,
                  false};
    Result<void> written = write_text(diff, folder_ + "/diff");
    if (written) {
        diff_file_ = folder_ + "/diff";
    }
    return written;
}

}  // namespace twinzone::service
