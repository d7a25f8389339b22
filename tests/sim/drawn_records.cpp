#include "tests/sim/drawn_records.h"

#include <fmt/format.h>

namespace twinzone::sim {

dns::Record record(const dns::Name& owner, dns::RrType type, std::uint32_t ttl, Bytes rdata) {
    dns::Record out;
    out.owner = owner;
    out.type = type;
    out.ttl = dns::Ttl{ttl};
    out.rdata = std::move(rdata);
    return out;
}

dns::Record random_record(World& world, const dns::Name& zone) {
    const std::string text = fmt::format("h{}.{}", world.random().below(300),
                                         zone.view().is_root() ? std::string{} : zone.to_text());
    const std::uint32_t ttl = world.chance(80) ? 300 : 600;
    const bool address = world.chance(50);
    // An address, or a string of 100 octets behind its length.
    Bytes rdata(address ? 4 : 101, std::uint8_t{100});
    for (std::size_t i = address ? 0 : 1; i < rdata.size(); ++i) {
        rdata[i] = static_cast<std::uint8_t>(world.random().next());
    }
    return record(*dns::Name::from_text(text), address ? dns::RrType::a : dns::RrType::txt, ttl,
                  std::move(rdata));
}

}  // namespace twinzone::sim
