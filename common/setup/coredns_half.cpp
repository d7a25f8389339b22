// CoreDNS 1.8 and later. It knows no TSIG: what lets it in is its address, on this host.
#include <fmt/format.h>

#include "common/setup/fill.h"
#include "common/setup/halves.h"

namespace twinzone::setup {

namespace {

constexpr std::string_view kHead =
    R"(# CoreDNS: put these blocks into its Corefile, or import this file there.
)";

constexpr std::string_view kPrimaryZone = R"(@ZONE@:@SERVER_PORT@ {
    file @FILE@ {
        reload 5s
    }
    transfer {
        to @ADDRESS@:@PORT@
    }
}
)";

constexpr std::string_view kSecondaryZone = R"(@ZONE@:@SERVER_PORT@ {
    secondary {
        transfer from @ADDRESS@:@PORT@
    }
}
)";

}  // namespace

std::vector<SetupFile> coredns_half(const Plan& plan) {
    std::string text{kHead};
    const std::string address = plan.ours.address.is_v4()
                                    ? plan.ours.address.to_text()
                                    : fmt::format("[{}]", plan.ours.address.to_text());
    for (const Plan::Zone& zone : plan.zones) {
        text += fill(plan.is_primary() ? kPrimaryZone : kSecondaryZone,
                     {{"ZONE", zone.name},
                      {"FILE", zone.file},
                      {"ADDRESS", address},
                      {"PORT", std::to_string(plan.ours.port)},
                      {"SERVER_PORT", std::to_string(plan.theirs.port)}});
    }
    return {{.path = "/etc/coredns/twinzone", .name = "Corefile", .text = std::move(text)}};
}

}  // namespace twinzone::setup
