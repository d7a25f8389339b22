// The members of a catalog as commands for NSD.
#include "common/service/nsd_commands.h"

#include "tests/support/catch.h"

namespace twinzone::service {
namespace {

zone::CatalogMember member(std::string_view zone, std::string_view id,
                           std::vector<std::string> groups = {}) {
    return {.zone = *dns::Name::from_text(zone),
            .id = std::string{id},
            .groups = std::move(groups),
            .coo = {},
            .primaries = {}};
}

TEST_CASE("members are added to NSD, and taken away, by commands", "[catalog]") {
    const zone::CatalogContent before{
        .broken = {},
        .members = {member("gone.test.", "1"), member("stays.test.", "2"),
                    member("reset.test.", "3"), member("grouped.test.", "4")},
        .primaries = {}};
    const zone::CatalogContent after{
        .broken = {},
        .members = {member("stays.test.", "2"), member("reset.test.", "x"),
                    member("grouped.test.", "4", {"reverse", "other"}), member(".", "5")},
        .primaries = {}};
    CHECK(nsd_commands(nullptr, after) ==
          "nsd-control addzone stays.test twinzone\n"
          "nsd-control addzone reset.test twinzone\n"
          "nsd-control addzone grouped.test reverse\n"
          "nsd-control addzone . twinzone\n");
    CHECK(nsd_commands(&before, after) ==
          "nsd-control delzone gone.test\n"
          "nsd-control delzone reset.test\n"
          "nsd-control delzone grouped.test\n"
          "nsd-control addzone reset.test twinzone\n"
          "nsd-control addzone grouped.test reverse\n"
          "nsd-control addzone . twinzone\n");
    CHECK(nsd_commands(&after, after).empty());
}

TEST_CASE("what a catalog says is nothing that a shell could run", "[catalog]") {
    const zone::CatalogContent hostile{
        .broken = {},
        .members = {member("$\\(touch\\ x\\).test.", "1", {"a;b"}), member("it's.test.", "2"),
                    member("-c.test.", "3", {"-x"}), member("a.test.", "4", {"two words"}),
                    member("\\010.test.", "5")},
        .primaries = {}};
    const std::string commands = nsd_commands(nullptr, hostile);
    INFO(commands);
    CHECK(commands.find("addzone '") == commands.find("addzone"));
    CHECK(commands.find(" 'a;b'\n") != std::string::npos);
    CHECK(commands.find("'it'\\''s.test' twinzone\n") != std::string::npos);
    CHECK(commands.find("nsd-control -- addzone -c.test -x\n") != std::string::npos);
    CHECK(commands.find("nsd-control addzone a.test twinzone\n") != std::string::npos);
    CHECK(std::count(commands.begin(), commands.end(), '\n') == 5);
}

}  // namespace
}  // namespace twinzone::service
