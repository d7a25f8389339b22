#include "tests/support/catch.h"
#include "tests/unit/secondary/outcomes.h"

namespace twinzone::secondary {
namespace {

using config::ExitCode;
using test::confirmed;
using test::ended;
using test::failed;
using test::kNow;

ZoneOutcome changed(ZoneOutcome zone) {
    zone.changed = true;
    return zone;
}

ZoneOutcome held(ZoneOutcome zone) {
    control::ZoneStatus status;
    status.state = control::ZoneState::held;
    status.reason = "held: 90% of its records would go";
    status.serial = dns::Serial{7};
    set_facts(zone, status, kNow);
    return zone;
}

TEST_CASE("a sync's exit code is that of its worst zone", "[sync]") {
    const ZoneOutcome good = confirmed("a.test.", seconds{0});
    const ZoneOutcome bad = failed("b.test.", Errc::peer_unreachable, hours{1});
    struct Row {
        const char* name;
        std::vector<ZoneOutcome> zones;
        bool detailed;
        ExitCode expected;
    };
    const Row rows[] = {
        {"no zone", {}, false, ExitCode::ok},
        {"in step", {good}, true, ExitCode::ok},
        {"changed", {changed(good)}, false, ExitCode::ok},
        {"changed, asked for", {good, changed(good)}, true, ExitCode::changed},
        {"one of two failed", {changed(good), bad}, true, ExitCode::some_failed},
        {"held", {held(good)}, true, ExitCode::held},
        {"held and failed", {held(good), bad}, false, ExitCode::some_failed},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            CHECK(exit_code_of(ended(row.zones), row.detailed) == row.expected);
        }
    }
}

TEST_CASE("with a greatest age, failures that may pass are told once they are old", "[sync]") {
    struct Row {
        const char* name = "";
        ZoneOutcome zone;
        bool is_told = false;
    };
    ZoneOutcome never = failed("a.test.", Errc::peer_unreachable, seconds{0});
    never.last_success.reset();
    never.serial.reset();
    const Row rows[] = {
        {"young, no answer", failed("a.test.", Errc::peer_unreachable, minutes{59}), false},
        {"young, refused", failed("a.test.", Errc::rcode, minutes{59}), false},
        {"young, no route", failed("a.test.", Errc::network, minutes{59}), false},
        {"as old as allowed", failed("a.test.", Errc::peer_unreachable, hours{1}), false},
        {"old", failed("a.test.", Errc::peer_unreachable, hours{1} + seconds{1}), true},
        {"never loaded", never, true},
        {"young, but the disk is full", failed("a.test.", Errc::disk_full, seconds{1}), true},
        {"young, but held", held(confirmed("a.test.", seconds{1})), true},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            SyncOutcome outcome = ended({row.zone});
            forgive_young(outcome, hours{1});
            CHECK(outcome.zones[0].needs_telling() == row.is_told);
            CHECK((exit_code_of(outcome, false) == ExitCode::ok) == !row.is_told);
        }
    }
}

}  // namespace
}  // namespace twinzone::secondary
