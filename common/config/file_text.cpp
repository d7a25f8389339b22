#include "common/config/file_text.h"

#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace twinzone::config {

namespace {

class Descriptor {
  public:
    explicit Descriptor(const std::string& path)
        : value_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
    ~Descriptor() {
        if (value_ >= 0) {
            ::close(value_);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    [[nodiscard]] int value() const noexcept { return value_; }

  private:
    int value_;
};

Failure unreadable(const std::string& path, int error) {
    return fail(Errc::file_unreadable,
                fmt::format("cannot read {}: {}", path, std::generic_category().message(error)));
}

}  // namespace

Result<FileText> read_file(const std::string& path, std::size_t max_bytes) {
    const Descriptor file{path};
    struct stat about {};
    if (file.value() < 0 || ::fstat(file.value(), &about) != 0) {
        return unreadable(path, errno);
    }
    FileText result;
    result.readable_by_others = (about.st_mode & S_IROTH) != 0;
    std::array<char, 65'536> part{};
    for (;;) {
        const ssize_t count = ::read(file.value(), part.data(), part.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return unreadable(path, errno);
        }
        if (count == 0) {
            return result;
        }
        result.text.append(part.data(), static_cast<std::size_t>(count));
        if (result.text.size() > max_bytes) {
            return fail(Errc::file_unreadable,
                        fmt::format("{} is larger than {} octets", path, max_bytes));
        }
    }
}

}  // namespace twinzone::config
