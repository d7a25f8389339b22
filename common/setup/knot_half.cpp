// Knot DNS 3.0 and later.
#include "common/setup/fill.h"
#include "common/setup/halves.h"

namespace twinzone::setup {

namespace {

constexpr std::string_view kHead =
    R"(# Knot DNS: include: twinzone.conf at the end of knot.conf, then knotc reload.
# It holds a secret: install -m 0640 -g knot THIS_FILE /etc/knot/twinzone.conf
key:
  - id: @KEY@
    algorithm: @ALGORITHM@
    secret: "@SECRET@"
remote:
  - id: twinzone
    address: @OURS@
    key: @KEY@
acl:
  - id: twinzone
    address: @ADDRESS@
    key: @KEY@
    action: @ACTION@
zone:
)";

constexpr std::string_view kPrimaryZone = R"(  - domain: "@ZONE@"
    file: "@FILE@"
    zonefile-load: difference  # so that Twinzone gets the changes, not all of it
    journal-content: changes
    zonefile-sync: -1  # the file is the operator's
    notify: twinzone
    acl: twinzone
)";

constexpr std::string_view kSecondaryZone = R"(  - domain: "@ZONE@"
    file: "@FILE@"
    master: twinzone
    acl: twinzone
)";

}  // namespace

std::vector<SetupFile> knot_half(const Plan& plan) {
    std::string text = fill(kHead, {{"KEY", plan.key.name},
                                    {"ALGORITHM", std::string{dns::to_text(plan.key.algorithm)}},
                                    {"SECRET", plan.key.secret},
                                    {"OURS", plan.ours.to_text()},
                                    {"ADDRESS", plan.ours.address.to_text()},
                                    {"ACTION", plan.is_primary() ? "transfer" : "notify"}});
    for (const Plan::Zone& zone : plan.zones) {
        text += fill(plan.is_primary() ? kPrimaryZone : kSecondaryZone,
                     {{"ZONE", zone.name}, {"FILE", zone.file}});
    }
    return {
        {.path = "/etc/knot/twinzone.conf", .name = "knot-twinzone.conf", .text = std::move(text)}};
}

}  // namespace twinzone::setup
