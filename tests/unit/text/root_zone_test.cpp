// A real zone: the root of 2018 reads to the records that ldns-read-zone sees.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>

#include "tests/support/catch.h"
#include "tests/unit/text/zone_text.h"

using namespace twinzone;

namespace {

std::string output_of(const std::string& command) {
    const std::unique_ptr<FILE, decltype(&pclose)> pipe{popen(command.c_str(), "r"), &pclose};
    std::string output;
    std::array<char, 65536> part{};
    while (pipe != nullptr) {
        const std::size_t count = std::fread(part.data(), 1, part.size(), pipe.get());
        if (count == 0) {
            break;
        }
        output.append(part.data(), count);
    }
    return output;
}

std::filesystem::path archive() {
    const char* shared = std::getenv("TWINZONE_SHARED");
    const std::filesystem::path folder =
        shared == nullptr ? std::filesystem::path{"../shared"} : std::filesystem::path{shared};
    return folder / "data" / "rootzone-2018.tar.xz";
}

}  // namespace

TEST_CASE("a root zone file reads to the records that ldns-read-zone counts", "[text]") {
    if (!std::filesystem::exists(archive())) {
        std::cout << "skipped: " << archive() << " is not here (set TWINZONE_SHARED)\n";
        return;
    }
    const std::string unpack =
        "tar xJOf '" + archive().string() + "' --wildcards '*root.2018020100.zone'";
    const std::string text = output_of(unpack);
    REQUIRE(text.size() > 1000000);
    const test::ZoneText zone = test::read_all(
        text::ZoneFileReader::from_text(text, "root.zone", test::options_with_origin(".")));
    INFO(zone.error);
    CHECK(zone.error.empty());
    const std::string counted =
        output_of(unpack + " | ldns-read-zone /dev/stdin 2>/dev/null | grep -vc '^;'");
    if (std::atoi(counted.c_str()) == 0) {
        std::cout << "skipped: ldns-read-zone is not here\n";
        return;
    }
    // The file ends with a second SOA, as a transfer does; ldns drops it.
    std::size_t soas = 0;
    for (const dns::Record& record : zone.records) {
        soas += record.type == dns::RrType::soa ? 1 : 0;
    }
    CHECK(zone.records.size() - (soas - 1) == static_cast<std::size_t>(std::atoi(counted.c_str())));
}
