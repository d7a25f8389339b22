// NSD 4.4 and later.
#include "common/setup/fill.h"
#include "common/setup/halves.h"

namespace twinzone::setup {

namespace {

constexpr std::string_view kHead =
    R"(# NSD: Debian's nsd.conf includes this folder; then nsd-control reconfig (a new key: restart).
# It holds a secret: install -m 0640 -g nsd THIS_FILE /etc/nsd/nsd.conf.d/twinzone.conf
key:
    name: "@KEY@"
    algorithm: @ALGORITHM@
    secret: "@SECRET@"
pattern:
    name: "twinzone"
)";

constexpr std::string_view kPrimaryPattern = R"(    notify: @OURS@ @KEY@
    provide-xfr: @ADDRESS@ @KEY@
    store-ixfr: yes  # so that Twinzone gets the changes, not all of it
    create-ixfr: yes
)";

constexpr std::string_view kSecondaryPattern = R"(    request-xfr: @OURS@ @KEY@
    allow-notify: @ADDRESS@ @KEY@
)";

constexpr std::string_view kZone = R"(zone:
    name: "@ZONE@"
    zonefile: "@FILE@"
    include-pattern: "twinzone"
)";

}  // namespace

std::vector<SetupFile> nsd_half(const Plan& plan) {
    std::string text = fill(kHead, {{"KEY", plan.key.name},
                                    {"ALGORITHM", std::string{dns::to_text(plan.key.algorithm)}},
                                    {"SECRET", plan.key.secret}});
    text += fill(plan.is_primary() ? kPrimaryPattern : kSecondaryPattern,
                 {{"OURS", plan.ours.to_text()},
                  {"ADDRESS", plan.ours.address.to_text()},
                  {"KEY", plan.key.name}});
    for (const Plan::Zone& zone : plan.zones) {
        text += fill(kZone, {{"ZONE", zone.name}, {"FILE", zone.file}});
    }
    return {{.path = "/etc/nsd/nsd.conf.d/twinzone.conf",
             .name = "nsd-twinzone.conf",
             .text = std::move(text)}};
}

}  // namespace twinzone::setup
