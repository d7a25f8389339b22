#include "common/service/privileges.h"

#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>

namespace twinzone::service {

namespace {

namespace fs = std::filesystem;

struct User {
    std::string name;
    uid_t uid = 0;
    gid_t gid = 0;
};

Failure failed(const std::string& what) {
    return fail(Errc::file_unreadable,
                fmt::format("server.user: {}: {}", what, std::generic_category().message(errno)));
}

std::optional<User> find_user(const std::string& name) {
    std::vector<char> room(std::size_t{1} << 16);
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwnam_r(name.c_str(), &entry, room.data(), room.size(), &found) != 0 ||
        found == nullptr) {
        return std::nullopt;
    }
    return User{.name = name, .uid = entry.pw_uid, .gid = entry.pw_gid};
}

bool give(const fs::path& path, const User& user) {
    return ::lchown(path.c_str(), user.uid, user.gid) == 0;
}

bool is_roots(const fs::path& path) {
    struct stat about {};
    return ::lstat(path.c_str(), &about) == 0 && about.st_uid == 0;
}

// A folder that anybody may write to, or that has other things in it, is no folder of ours.
bool looks_like_a_store(const fs::path& folder) {
    struct stat about {};
    if (::lstat(folder.c_str(), &about) != 0 || !S_ISDIR(about.st_mode) ||
        (about.st_mode & S_IWOTH) != 0) {
        return false;
    }
    std::error_code error;
    return fs::is_empty(folder, error) || fs::exists(folder / "twinzone.lock", error);
}

// Only what is root's in a folder that is root's: nobody else can have put it there.
Result<void> give_store(const fs::path& folder, const User& user) {
    std::error_code error;
    if (!fs::exists(folder, error)) {
        fs::create_directories(folder.parent_path(), error);
        if (::mkdir(folder.c_str(), S_IRWXU) != 0) {
            return failed(fmt::format("making {}", folder.string()));
        }
    }
    if (!is_roots(folder) || !looks_like_a_store(folder)) {
        return {};
    }
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator{folder, error}) {
        if (is_roots(entry.path()) && !give(entry.path(), user)) {
            return failed(fmt::format("giving {} to {}", entry.path().string(), user.name));
        }
    }
    return give(folder, user) ? Result<void>{}
                              : failed(fmt::format("giving {} to {}", folder.string(), user.name));
}

Result<void> give_socket_folder(const std::string& socket, const User& user) {
    const fs::path folder = fs::path{socket}.parent_path();
    std::error_code error;
    if (socket.empty() || folder.empty() || fs::exists(folder, error)) {
        return {};
    }
    fs::create_directories(folder, error);
    return !error && give(folder, user)
               ? Result<void>{}
               : failed(fmt::format("making {} for {}", folder.string(), user.name));
}

void give_log(const std::string& target, const User& user) {
    if (target == "stderr" || target == "syslog") {
        return;
    }
    const int file = ::open(target.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat about {};
    // It stays writable in any case: it is open already. Given away, it can be opened again.
    if (file >= 0 && ::fstat(file, &about) == 0 && S_ISREG(about.st_mode) && about.st_uid == 0 &&
        about.st_nlink == 1) {
        static_cast<void>(!::fchown(file, user.uid, user.gid));
    }
    if (file >= 0) {
        ::close(file);
    }
}

// One half of the rights of a thread, as the kernel has them (capget(2)).
struct Rights {
    std::uint32_t effective = 0;
    std::uint32_t permitted = 0;
    std::uint32_t inheritable = 0;
};

// All rights but that of binding any port.
bool keep_binding_right() {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<Rights, _LINUX_CAPABILITY_U32S_3> rights{};
    if (::syscall(SYS_capget, &header, rights.data()) != 0) {
        return false;
    }
    rights[0].permitted &= 1U << CAP_NET_BIND_SERVICE;
    rights[0].effective = rights[0].permitted;
    rights[0].inheritable = 0;
    rights[1] = {};
    return ::syscall(SYS_capset, &header, rights.data()) == 0;
}

Result<void> switch_to(const User& user) {
    ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
    if (::initgroups(user.name.c_str(), user.gid) != 0 ||
        ::setresgid(user.gid, user.gid, user.gid) != 0 ||
        ::setresuid(user.uid, user.uid, user.uid) != 0 || !keep_binding_right()) {
        return failed(fmt::format("becoming {}", user.name));
    }
    ::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
    if (::setuid(0) == 0) {
        return fail(Errc::internal, "server.user: root's rights could be taken back");
    }
    return {};
}

}  // namespace

bool has_user(const std::string& name) {
    return find_user(name).has_value();
}

Result<std::string> become_user(const config::Config& config) {
    if (config.user.empty()) {
        return std::string{};
    }
    const std::optional<User> user = find_user(config.user);
    if (!user) {
        return fail(Errc::config_invalid,
                    fmt::format("server: there is no user '{}'", config.user));
    }
    if (::geteuid() != 0) {
        return ::geteuid() == user->uid
                   ? std::string{}
                   : fmt::format("not started as root: server.user {} is left aside", user->name);
    }
    if (user->uid == 0) {
        return std::string{"server.user is root: every right is kept"};
    }
    if (Result<void> given = give_store(config.store_path, *user); !given) {
        return fail(std::move(given).error());
    }
    if (Result<void> given = give_socket_folder(config.control_socket, *user); !given) {
        return fail(std::move(given).error());
    }
    give_log(config.log.target, *user);
    if (Result<void> switched = switch_to(*user); !switched) {
        return fail(std::move(switched).error());
    }
    return fmt::format("runs as {}", user->name);
}

std::vector<std::string> readable_secrets(const config::Config& config) {
    std::vector<std::string> found;
    for (const config::TlsPtr& tls : config.tls) {
        struct stat about {};
        if (!tls->key.empty() && ::stat(tls->key.c_str(), &about) == 0 &&
            (about.st_mode & S_IROTH) != 0) {
            found.push_back(
                fmt::format("tls {}: private key {} can be read by others; chmod 0640 {}",
                            tls->name, tls->key, tls->key));
        }
    }
    return found;
}

void keep_memory_out_of_core_dumps() {
    const int filter = ::open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
    if (filter >= 0) {
        static_cast<void>(!::write(filter, "0", 1));
        ::close(filter);
    }
}

}  // namespace twinzone::service
