#include "common/config/zone_comparison.h"

#include "common/dns/tsig_key.h"
#include "tests/support/catch.h"

namespace twinzone::config {

namespace {

dns::TsigKeyPtr key_of(const char* name, dns::TsigAlgorithm algorithm, std::uint8_t secret) {
    return *dns::TsigKey::create(*dns::Name::from_text(name), algorithm, Bytes(32, secret));
}

// A zone with something in every place, made anew each time.
Zone full_zone(std::uint8_t secret = 1) {
    const dns::TsigKeyPtr key = key_of("k1.", dns::TsigAlgorithm::hmac_sha256, secret);
    const auto remote = std::make_shared<Remote>(
        Remote{.name = "ns1", .addresses = {*Endpoint::from_text("192.0.2.1", 53)}, .key = key});
    Zone zone;
    zone.name = *dns::Name::from_text("example.test.");
    zone.edit().primaries = {remote};
    zone.edit().notify = {remote};
    zone.edit().allow_transfer = {{.addresses = {}, .key = key}};
    zone.edit().allow_notify = zone->allow_transfer;
    zone.edit().output = {
        .mode = OutputMode::loopback, .path = {}, .reload = {}, .command = {}, .verify = remote};
    zone.edit().guard = Guard{};
    zone.edit().hooks = {{.on = {HookEvent::held}, .exec = {"/bin/true"}}};
    return zone;
}

}  // namespace

TEST_CASE("what was read again and says the same is the same", "[config]") {
    ZoneComparison comparison;
    CHECK(comparison.same(full_zone(), full_zone()));
    CHECK(comparison.same(Zone{}, Zone{}));
}

TEST_CASE("whatever changes in a zone's settings is seen", "[config]") {
    struct Row {
        const char* name;
        void (*change)(Zone&);
    };
    const Row rows[] = {
        {"the key's secret", [](Zone& zone) { zone.edit().notify = full_zone(2)->notify; }},
        {"a rule's key",
         [](Zone& zone) { zone.edit().allow_transfer = full_zone(2)->allow_transfer; }},
        {"dnssec", [](Zone& zone) { zone.edit().dnssec = true; }},
        {"the NS set is told", [](Zone& zone) { zone.edit().notify_ns_set = true; }},
        {"zonemd", [](Zone& zone) { zone.edit().zonemd = ZonemdMode::verify; }},
        {"a rule more", [](Zone& zone) { zone.edit().allow_notify.emplace_back(); }},
        {"an address",
         [](Zone& zone) {
             auto moved = std::make_shared<Remote>(*zone->primaries.front());
             moved->addresses.front().port = 54;
             zone.edit().primaries = {moved};
         }},
        {"the key of one that had none",
         [](Zone& zone) {
             auto plain = std::make_shared<Remote>(*zone->primaries.front());
             plain->key.reset();
             zone.edit().primaries = {plain};
         }},
        {"over TLS",
         [](Zone& zone) {
             auto secure = std::make_shared<Remote>(*zone->notify.front());
             secure->tls = std::make_shared<Tls>();
             zone.edit().notify = {secure};
         }},
        {"nobody to tell", [](Zone& zone) { zone.edit().notify.clear(); }},
        {"the file", [](Zone& zone) { zone.edit().source_file = std::string{"x"}; }},
        {"the policy", [](Zone& zone) { zone.edit().serial_policy = SerialPolicy::date; }},
        {"lower serials", [](Zone& zone) { zone.edit().on_lower_serial = OnLowerSerial::adopt; }},
        {"the output", [](Zone& zone) { zone.edit().output.mode = OutputMode::none; }},
        {"whom the output asks", [](Zone& zone) { zone.edit().output.verify.reset(); }},
        {"its history", [](Zone& zone) { zone.edit().journal.max_versions = 3; }},
        {"refresh", [](Zone& zone) { zone.edit().refresh.min = seconds{1}; }},
        {"retry", [](Zone& zone) { zone.edit().retry.max = seconds{9}; }},
        {"expire", [](Zone& zone) { zone.edit().expire_min = seconds{9}; }},
        {"verify-interval", [](Zone& zone) { zone.edit().verify_interval = hours{1}; }},
        {"no guard", [](Zone& zone) { zone.edit().guard.reset(); }},
        {"another guard", [](Zone& zone) { zone.edit().guard->min_records = 3; }},
        {"a hook's words", [](Zone& zone) { zone.edit().hooks.front().exec.emplace_back("x"); }},
        {"a hook's events", [](Zone& zone) { zone.edit().hooks.front().on = {HookEvent::failed}; }},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            const Zone before = full_zone();
            Zone after = full_zone();
            row.change(after);
            ZoneComparison comparison;
            CHECK_FALSE(comparison.same(before, after));
            CHECK_FALSE(comparison.same(after, before));
        }
    }
}

}  // namespace twinzone::config
