// `catalogs` of a configuration: what becomes of them, and what is wrong with others.
#include <string>
#include <vector>

#include "common/config/member_zone.h"
#include "common/config/zone_comparison.h"
#include "tests/unit/config/error_rows.h"

namespace twinzone::config {
namespace {

using test::check_row;
using test::kHead;
using test::kPrimary;
using test::kRemote;
using test::kSecondary;
using test::Row;

Config loaded(const std::string& text, Role role) {
    Result<Config> config = load_text(text, "t.yaml", role);
    INFO((config ? "" : config.error().detail()));
    REQUIRE(config);
    return std::move(*config);
}

dns::Name name(const char* text) {
    return *dns::Name::from_text(text);
}

const std::string kConsumer =
    kHead +
    "remotes: [{ name: ns1, addresses: [192.0.2.1] }, { name: ns3, addresses: [192.0.2.3] "
    "}]\n"
    "templates:\n"
    "  - { name: default, primaries: [ns1], guard: {},\n"
    "      output: { mode: file, path: /out/%s.zone }, allow-transfer: [ns3] }\n"
    "  - { name: other, primaries: [ns3], notify: [ns1] }\n"
    "  - { name: one-file, primaries: [ns3], output: { mode: file, path: /out/one } }\n"
    "  - { name: bare }\n";

TEST_CASE("a consumed catalog is a zone that is followed", "[config][catalog]") {
    const Config config =
        loaded(kConsumer +
                   "catalogs:\n"
                   "  - { zone: cat.test, role: consumer, primaries: [ns3], grace: 24h,\n"
                   "      max-removals: 10% }\n"
                   "  - { zone: cat2.test, role: consumer, template: other, max-removals: 7 }\n",
               kSecondary);
    REQUIRE(config.catalogs.size() == 2);
    const Catalog& first = config.catalogs[0];
    CHECK(first.zone == name("cat.test."));
    CHECK(first.grace == hours{24});
    REQUIRE(first.max_removals);
    CHECK(first.max_removals->count == 10);
    CHECK(first.max_removals->is_percent);
    REQUIRE(config.catalogs[1].max_removals);
    CHECK_FALSE(config.catalogs[1].max_removals->is_percent);
    CHECK(config.catalogs[1].grace == seconds{0});

    REQUIRE(config.zones.size() == 2);
    const Zone& zone = config.zones[0];
    CHECK(zone->catalog == CatalogRole::consumer);
    REQUIRE(zone->primaries.size() == 1);
    CHECK(zone->primaries[0]->name == "ns3");
    REQUIRE(zone->allow_notify.size() == 1);
    CHECK(zone->allow_notify[0].addresses[0].to_text() == "192.0.2.3");
    CHECK(zone->allow_transfer.size() == 1);
    CHECK(zone->output.mode == OutputMode::none);
    CHECK_FALSE(zone->guard);
    CHECK(config.zones[1]->notify.size() == 1);
}

TEST_CASE("a server beside us that follows members is told of their catalog", "[config][catalog]") {
    const Config config = loaded(
        kHead + kRemote +
            "templates: [{ name: default, output: { mode: loopback, verify: 127.0.0.1@53 } }]\n"
            "catalogs: [{ zone: cat.test, role: consumer, primaries: [ns1] }]\n",
        kSecondary);
    REQUIRE(config.zones.size() == 1);
    REQUIRE(config.zones[0]->notify.size() == 1);
    CHECK(config.zones[0]->notify[0]->addresses[0].to_text() == "127.0.0.1@53");
}

TEST_CASE("a member is what its template says", "[config][catalog]") {
    const Config config =
        loaded(kConsumer + "catalogs: [{ zone: cat.test, role: consumer, primaries: [ns3] }]\n",
               kSecondary);
    struct MemberRow {
        const char* name;
        std::vector<std::string> groups;
        const char* expected;  // template
        const char* primary;
    };
    const MemberRow rows[] = {
        {"no group", {}, "default", "ns1"},
        {"a group without a template", {"nobody"}, "default", "ns1"},
        {"a group that is a template", {"other"}, "other", "ns3"},
        {"the first of two that is one", {"nobody", "other", "default"}, "other", "ns3"},
        {"one that writes a file for one zone", {"one-file"}, "default", "ns1"},
        {"one that names no primaries: the catalog's", {"bare"}, "bare", "ns3"},
    };
    for (const MemberRow& row : rows) {
        DYNAMIC_SECTION(row.name) {
            const Result<Zone> zone = member_zone(config, config.catalogs[0], name("a.test."),
                                                  {.groups = row.groups, .primaries = {}});
            REQUIRE(zone);
            CHECK(zone->name == name("a.test."));
            CHECK((*zone)->template_name == row.expected);
            REQUIRE((*zone)->primaries.size() == 1);
            CHECK((*zone)->primaries[0]->name == row.primary);
            CHECK((*zone)->allow_notify.size() == 1);
            const bool writes = (*zone)->output.mode == OutputMode::file;
            CHECK(zone->output_path() == (writes ? "/out/a.test.zone" : ""));
        }
    }
    auto remote = std::make_shared<Remote>();
    remote->name = "said by the catalog";
    const Result<Zone> zone = member_zone(config, config.catalogs[0], name("a.test."),
                                          {.groups = {}, .primaries = {remote}});
    REQUIRE(zone);
    CHECK((*zone)->primaries == std::vector<RemotePtr>{remote});
}

TEST_CASE("members on a primary come by transfer, whatever its template reads",
          "[config][catalog]") {
    const Config config = loaded(
        kHead + kRemote +
            "templates: [{ name: default, source: { directory: /zones }, serial-policy: date }]\n"
            "catalogs: [{ zone: cat.test, role: consumer, primaries: [ns1] }]\n",
        kPrimary);
    CHECK(config.zones.at(0).is_followed());
    const Result<Zone> zone = member_zone(config, config.catalogs[0], name("a.test."), {});
    REQUIRE(zone);
    CHECK(zone->is_followed());
    CHECK(zone->source_file().empty());
    CHECK((*zone)->serial_policy == SerialPolicy::keep);
}

TEST_CASE("a catalog of our own takes its template's notify and transfers", "[config][catalog]") {
    const Config config =
        loaded(kHead + kRemote +
                   "templates: [{ name: default, source: { directory: /zones }, notify: [ns1], "
                   "allow-transfer: [ns1] }]\n"
                   "zones: [{ zone: a.test }, { zone: b.test, template: default }]\n"
                   "catalogs: [{ zone: cat.test, role: producer }]\n",
               kPrimary);
    REQUIRE(config.zones.size() == 3);
    const Zone& zone = config.zones[2];
    CHECK(zone->catalog == CatalogRole::producer);
    CHECK(zone.source_file().empty());
    CHECK_FALSE(zone.is_followed());
    CHECK(zone->notify.size() == 1);
    CHECK(zone->allow_transfer.size() == 1);
    CHECK(config.templates.empty());
    CHECK(config.zones[0]->template_name == "default");
}

TEST_CASE("a zone of another template is another zone", "[config][catalog]") {
    Zone zone;
    Zone other = zone;
    other.edit().template_name = "reverse";
    CHECK(ZoneComparison{}.same(zone, zone));
    CHECK_FALSE(ZoneComparison{}.same(zone, other));
}

TEST_CASE("the loader says what is wrong with catalogs", "[config][catalog]") {
    const std::string folder = "templates: [{ name: default, source: { directory: /zones } }]\n";
    const Row rows[] = {
        {"no zone and no role",
         kSecondary,
         kHead + kRemote + "catalogs: [{ primaries: [ns1] }]\n",
         {"t.yaml:4:12: an entry of 'catalogs' has no 'zone'",
          "t.yaml:4:12: an entry of 'catalogs' has no 'role'"}},
        {"a role that is none",
         kSecondary,
         kHead + kRemote + "catalogs: [{ zone: c.test, role: consume, primaries: [ns1] }]\n",
         {"t.yaml:4:34: role cannot be 'consume'; did you mean 'consumer'?"}},
        {"a slip",
         kSecondary,
         kHead + kRemote +
             "catalogs: [{ zone: c.test, role: consumer, primaries: [ns1], max-removal: 1 }]\n",
         {"t.yaml:4:62: unknown key 'max-removal' in an entry of 'catalogs'; did you mean "
          "'max-removals'?"}},
        {"a producer on the secondary",
         kSecondary,
         kHead + kRemote + "catalogs: [{ zone: c.test, role: producer }]\n",
         {"t.yaml:4:28: a catalog is made by the primary; the secondary is a consumer"}},
        {"what only a consumer needs",
         kPrimary,
         kHead + kRemote + folder +
             "catalogs: [{ zone: c.test, role: producer, primaries: [ns1], grace: 1h, "
             "max-removals: 1 }]\n",
         {"t.yaml:5:44: a producer has no use for 'primaries'",
          "t.yaml:5:62: a producer has no use for 'grace'",
          "t.yaml:5:73: a producer has no use for 'max-removals'"}},
        {"nobody to follow",
         kSecondary,
         kHead + "catalogs: [{ zone: c.test, role: consumer }]\n",
         {"t.yaml:3:20: zone c.test. has no 'primaries' to follow"}},
        {"nobody known",
         kSecondary,
         kHead + kRemote + "catalogs: [{ zone: c.test, role: consumer, primaries: [ns2] }]\n",
         {"t.yaml:4:56: no remote is named 'ns2'; did you mean 'ns1'?"}},
        {"a template that is none",
         kSecondary,
         kHead + kRemote +
             "catalogs: [{ zone: c.test, role: consumer, primaries: [ns1], template: x }]\n",
         {"t.yaml:4:72: no template is named 'x'"}},
        {"a catalog that is a zone, too",
         kSecondary,
         kHead + kRemote +
             "zones: [{ zone: c.test, primaries: [ns1] }]\n"
             "catalogs: [{ zone: C.test, role: consumer, primaries: [ns1] }]\n",
         {"t.yaml:5:20: zone C.test. is already in t.yaml:4"}},
        {"a cap that is none",
         kSecondary,
         kHead + kRemote +
             "catalogs: [{ zone: c.test, role: consumer, primaries: [ns1], max-removals: few }]\n",
         {"t.yaml:4:76: max-removals: 'few' is no count; write 100, 64K or 100M"}},
        {"one file for all members",
         kSecondary,
         kHead + kRemote +
             "templates: [{ name: default, output: { mode: file, path: /one } }]\n"
             "catalogs: [{ zone: c.test, role: consumer, primaries: [ns1] }]\n",
         {"t.yaml:5:20: the members of a catalog would all write '/one'; a path with %s is one "
          "file a zone"}},
        {"a catalog that follows ourselves",
         kSecondary,
         kHead + "remotes: [{ name: me, addresses: [127.0.0.1@5300] }]\n"
                 "catalogs: [{ zone: c.test, role: consumer, primaries: [me] }]\n",
         {"t.yaml:4:20: zone c.test. would follow this program itself: 'me' is 127.0.0.1@5300, "
          "where it listens"}},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            check_row(row);
        }
    }
}

}  // namespace
}  // namespace twinzone::config
