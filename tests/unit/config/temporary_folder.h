// A folder for the files of one test, gone with it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace twinzone::test {

class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "twinzone-XXXXXX").string();
        path_ = mkdtemp(pattern.data());
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }
    [[nodiscard]] const std::string& path() const { return path_; }

    // Writes a file with these permissions and gives its path.
    [[nodiscard]] std::string file(const std::string& name, const std::string& text,
                                   unsigned mode = 0640) const {
        std::ofstream{path(name)} << text;
        std::filesystem::permissions(path(name), static_cast<std::filesystem::perms>(mode));
        return path(name);
    }

  private:
    std::string path_;
};

}  // namespace twinzone::test
