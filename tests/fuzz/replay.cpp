// Calls a harness with every file of the folders that are named: the corpus as a test, without
// libFuzzer. Says which file it is at before it is read, so that a crash names it.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/harness.h"

namespace {

using namespace twinzone;

void replay(const std::filesystem::path& path) {
    std::printf("%s\n", path.filename().c_str());
    std::fflush(stdout);
    std::ifstream file{path, std::ios::binary};
    const Bytes bytes{std::istreambuf_iterator<char>{file}, {}};
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
    int files = 0;
    for (int i = 1; i < argc; ++i) {
        for (const auto& entry : std::filesystem::directory_iterator{argv[i]}) {
            replay(entry.path());
            ++files;
        }
    }
    std::printf("%d files\n", files);
    return files == 0 ? 1 : 0;
}
