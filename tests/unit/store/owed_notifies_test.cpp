#include "common/store/owed_notifies.h"

#include <algorithm>

#include "tests/support/catch.h"

namespace twinzone::store {

namespace {

dns::Name name(const char* text) {
    return *dns::Name::from_text(text);
}

// "zone remote", in order.
std::vector<std::string> owed_by(const OwedNotifies& owed) {
    std::vector<std::string> all;
    for (const zone::VersionStore::Owed& each : owed.all()) {
        all.push_back(each.zone.to_text() + " " + each.remote);
    }
    std::sort(all.begin(), all.end());
    return all;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("what is owed is known by zone and remote", "[store][owed]") {
    OwedNotifies owed{std::make_shared<dns::NameTable>()};
    owed.add(name("a.test."), "ns2");
    owed.add(name("B.test."), "ns2");
    owed.add(name("a.test."), "ns3");
    owed.add(name("a.test."), "ns2");
    CHECK(owed_by(owed) == Texts{"a.test. ns2", "a.test. ns3", "b.test. ns2"});
    CHECK(owed.remove(name("A.test."), "ns2"));
    CHECK_FALSE(owed.remove(name("a.test."), "ns2"));
    CHECK_FALSE(owed.remove(name("c.test."), "ns4"));
    CHECK(owed_by(owed) == Texts{"a.test. ns3", "b.test. ns2"});
    owed.remove_zone(name("a.test."));
    CHECK(owed_by(owed) == Texts{"b.test. ns2"});
}

TEST_CASE("a commit under way keeps what it will write from being forgotten", "[store][owed]") {
    OwedNotifies owed{std::make_shared<dns::NameTable>()};
    const dns::Name zone = name("a.test.");
    CHECK_FALSE(owed.is_coming(zone, "ns2"));
    owed.commit_began(zone, "ns2");
    owed.commit_began(zone, "ns2");
    owed.commit_ended(zone, "ns2");
    CHECK(owed.is_coming(zone, "ns2"));
    CHECK_FALSE(owed.is_coming(zone, "ns3"));
    owed.commit_ended(zone, "ns2");
    CHECK_FALSE(owed.is_coming(zone, "ns2"));
}

}  // namespace twinzone::store
