#include "secondary/promoted_files.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/config/config_text.h"
#include "common/config/loader.h"
#include "common/config/zone_path.h"

namespace twinzone::secondary {

namespace {

// Of a secondary that listens nowhere; a primary has to.
const char* const kOwnAddress = "127.0.0.1@5300";

std::string absolute(const std::string& path) {
    return path.empty() ? path : std::filesystem::absolute(path).lexically_normal().string();
}

Failure failed(const std::string& path, const char* what) {
    const int error = errno;
    return fail(error == ENOSPC || error == EDQUOT ? Errc::disk_full : Errc::file_unreadable,
                fmt::format("{}: {}: {}", path, what, std::generic_category().message(error)));
}

// The server beside a secondary follows it; it has to hear of new versions from a primary too.
void notify_server_beside(config::Zone& zone, std::vector<config::RemotePtr>& remotes) {
    const config::RemotePtr beside = zone->output.verify;
    if (zone->output.mode != config::OutputMode::loopback) {
        return;
    }
    const auto is_it = [&beside](const config::RemotePtr& remote) {
        return remote->addresses == beside->addresses;
    };
    if (std::any_of(zone->notify.begin(), zone->notify.end(), is_it)) {
        return;
    }
    const auto known = std::find_if(remotes.begin(), remotes.end(), is_it);
    zone.edit().notify.push_back(known == remotes.end() ? beside : *known);
    if (known == remotes.end()) {
        remotes.push_back(beside);
    }
}

Result<void> write_file(const std::string& path, const std::string& text) {
    const std::string temporary = fmt::format("{}.{}.new", path, ::getpid());
    const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return failed(temporary, "cannot be written");
    }
    Result<void> written;
    for (std::size_t at = 0; at < text.size() && written;) {
        const ssize_t count = ::write(fd, text.data() + at, text.size() - at);
        if (count < 0 && errno != EINTR) {
            written = failed(temporary, "cannot be written");
        }
        at += count > 0 ? static_cast<std::size_t>(count) : 0U;
    }
    if (written && ::fsync(fd) != 0) {
        written = failed(temporary, "cannot be synced");
    }
    ::close(fd);
    if (written && std::rename(temporary.c_str(), path.c_str()) != 0) {
        written = failed(path, "cannot be put in place");
    }
    if (!written) {
        ::unlink(temporary.c_str());
    }
    return written;
}

}  // namespace

config::Config primary_config(const config::Config& secondary,
                              const std::function<bool(const dns::Name&)>& promoted,
                              const std::string& folder) {
    config::Config primary = secondary;
    primary.role = config::Role::primary;
    primary.store_path = absolute(primary.store_path);
    if (primary.listen.empty()) {
        primary.listen.push_back(*Endpoint::from_text(kOwnAddress, 0));
    }
    if (primary.control_socket == config::default_control_socket(config::Role::secondary)) {
        primary.control_socket = config::default_control_socket(config::Role::primary);
    }
    primary.control_socket = absolute(primary.control_socket);
    if (primary.log.target != "stderr" && primary.log.target != "syslog") {
        primary.log.target = absolute(primary.log.target);
    }
    for (config::Zone& zone : primary.zones) {
        notify_server_beside(zone, primary.remotes);
        config::ZoneSettings& settings = zone.edit();
        settings.output = {};
        const Result<std::string> file = config::zone_file_in(absolute(folder), zone.name);
        if (promoted(zone.name) && file) {
            settings.primaries.clear();
            // What is edited by hand has neither a ZONEMD nor signatures that would still hold.
            settings.zonemd = config::ZonemdMode::off;
            settings.dnssec = false;
            settings.source_file = *file;
        }
    }
    return primary;
}

std::string configuration_in(const std::string& folder) {
    return (std::filesystem::path{folder} / "primary.yaml").string();
}

Result<void> make_folder(const std::string& folder, const std::string& store_path) {
    std::error_code error;
    const bool is_new = std::filesystem::create_directories(folder, error);
    if (error) {
        return fail(Errc::file_unreadable, fmt::format("{}: {}", folder, error.message()));
    }
    if (is_new) {
        give_to_owner(folder, store_path);
    }
    return {};
}

void give_to_owner(const std::string& path, const std::string& store_path) {
    struct stat store {};
    if (::geteuid() == 0 && ::stat(store_path.c_str(), &store) == 0 &&
        ::chown(path.c_str(), store.st_uid, store.st_gid) != 0) {
        return;  // as root we may; where even root may not (a foreign mount), its mode decides
    }
}

Result<void> write_configuration(const config::Config& primary, const std::string& folder) {
    // It still says where it was read, and so where the keys are written.
    const Result<std::vector<config::KeyEntry>> keys = config::key_entries(primary);
    if (!keys) {
        return fail(keys.error());
    }
    const std::string list = (std::filesystem::path{folder} / "zones.list").string();
    const config::ConfigText text = config::config_text(primary, *keys, list);
    if (!text.zones_list.empty()) {
        if (Result<void> written = write_file(list, text.zones_list); !written) {
            return written;
        }
        give_to_owner(list, primary.store_path);
    }
    const std::string path = configuration_in(folder);
    const std::string head =
        "# Written by twinzone-secondary promote: the primary that goes on with this store.\n";
    if (Result<void> written = write_file(path, head + text.yaml); !written) {
        return written;
    }
    give_to_owner(path, primary.store_path);
    return {};
}

std::vector<std::string> notes_on(const config::Config& secondary, const std::string& folder) {
    std::vector<std::string> notes;
    if (secondary.listen.empty()) {
        notes.push_back(fmt::format("{} listens on {} only; set server.listen",
                                    configuration_in(folder), kOwnAddress));
    }
    const bool writes_files = std::any_of(
        secondary.zones.begin(), secondary.zones.end(),
        [](const config::Zone& zone) { return zone->output.mode == config::OutputMode::file; });
    if (writes_files) {
        notes.emplace_back(
            "a primary writes no zone files for the server beside it; make that server a secondary "
            "of it");
    }
    return notes;
}

}  // namespace twinzone::secondary
