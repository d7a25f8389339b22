#include "common/control/promotion_report.h"

#include <nlohmann/json.hpp>

#include "tests/support/catch.h"

namespace twinzone::control {

namespace {

PromotionReport sample() {
    PromotionReport report;
    report.serving = true;
    report.zones = {
        {.zone = "a.test.", .serial = dns::Serial{7}, .file = "/p/a.test.zone", .problem = {}},
        {.zone = "b.test.",
         .serial = dns::Serial{8},
         .file = "/p/b.test.zone",
         .problem = {},
         .was_so = true},
        {.zone = "c.test.", .serial = {}, .file = {}, .problem = "there is no version of it"},
    };
    report.folder = "/p";
    report.configuration = "/p/primary.yaml";
    report.notes = {"look here"};
    return report;
}

}  // namespace

TEST_CASE("a promotion is told zone by zone, with what to do next", "[control]") {
    const PromotionReport report = sample();
    CHECK_FALSE(report.ok());
    const std::string text = to_text(report);
    for (const char* line :
         {"a.test. promoted, serial 7, zone file /p/a.test.zone\n",
          "b.test. was promoted before, serial 8, zone file /p/b.test.zone\n",
          "c.test. failed: there is no version of it\n", "goes on serving",
          "twinzone-primary serve -c /p/primary.yaml\n", "promote --undo", "note: look here\n"}) {
        CHECK_THAT(text, Catch::Contains(line));
    }
}

TEST_CASE("where no configuration was written no next steps are told", "[control]") {
    PromotionReport report = sample();
    report.configuration.clear();
    report.problem = "/p/primary.yaml: cannot be written";
    const std::string text = to_text(report);
    CHECK_THAT(text, Catch::Contains("configuration not written: /p/primary.yaml"));
    CHECK_THAT(text, !Catch::Contains("twinzone-primary serve"));
}

TEST_CASE("taking a promotion back is told in its own words", "[control]") {
    PromotionReport report = sample();
    report.undo = true;
    report.configuration.clear();
    report.notes.clear();
    CHECK(to_text(report) ==
          "a.test. follows its primaries again, serial 7\n"
          "b.test. was not promoted, serial 8\n"
          "c.test. failed: there is no version of it\n");
}

TEST_CASE("the JSON of a promotion says of each zone whether it is promoted", "[control]") {
    for (const bool undo : {false, true}) {
        PromotionReport report = sample();
        report.undo = undo;
        const nlohmann::json read = nlohmann::json::parse(to_json(report));
        CHECK(read["zones"][0]["promoted"] == !undo);
        CHECK(read["zones"][1]["promoted"] == !undo);
        CHECK(read["zones"][2]["promoted"].is_null());
        CHECK(read["zones"][2]["serial"].is_null());
        CHECK(read["zones"][0]["file"] == "/p/a.test.zone");
        CHECK(read["configuration"] == "/p/primary.yaml");
    }
}

}  // namespace twinzone::control
