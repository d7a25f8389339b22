#include "tests/unit/zone/generator.h"

#include <iterator>

#include "common/dns/rdata_layout.h"

namespace twinzone::zone::test {

namespace {

constexpr const char* kLabels[] = {"a", "B",     "www",      "Mail", "*",         "\\000", "\\001a",
                                   "z", "\\255", "x\\.y\\@", "_tcp", "host-1234", "ns1",   "NS1"};

// About a page's size, on both sides of it, and far above.
constexpr std::size_t kSizes[] = {16'000, 16'330, 17'000, 40'000, 64'000};

constexpr dns::RrType kTypes[] = {dns::RrType::a,    dns::RrType::a,
                                  dns::RrType::aaaa, dns::RrType::txt,
                                  dns::RrType::mx,   dns::RrType::ns,
                                  dns::RrType::srv,  dns::RrType::rrsig,
                                  dns::RrType::ptr,  static_cast<dns::RrType>(65280)};

void append(ByteView from, Bytes& to) {
    to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

std::uint32_t Generator::number(std::uint32_t below) {
    return static_cast<std::uint32_t>(random_() % below);
}

dns::Name Generator::owner() {
    std::string text;
    for (std::uint32_t labels = number(4); labels > 0; --labels) {
        text += kLabels[number(std::size(kLabels))];
        if (one_in(2)) {
            text += std::to_string(number(30));
        }
        text += '.';
    }
    return name(text + (one_in(8) ? "EXAMPLE." : "example."));
}

Bytes Generator::octets(std::size_t count) {
    Bytes made(count);
    for (std::uint8_t& octet : made) {
        octet = static_cast<std::uint8_t>(random_());
    }
    return made;
}

Bytes Generator::rdata(dns::RrType type) {
    const dns::Name target = owner();
    Bytes made;
    switch (type) {
        case dns::RrType::a: return octets(4);
        case dns::RrType::aaaa: return octets(16);
        case dns::RrType::txt: {
            const std::uint8_t size = static_cast<std::uint8_t>(number(200));
            made.push_back(size);
            append(octets(size), made);
            return made;
        }
        case dns::RrType::mx: made = octets(2); break;
        case dns::RrType::srv: made = octets(6); break;
        case dns::RrType::rrsig: made = octets(18); break;
        case dns::RrType::ns:
        case dns::RrType::ptr: break;
        default: return octets(one_in(40) ? kSizes[number(std::size(kSizes))] : number(60));
    }
    append(target.view().wire(), made);
    if (type == dns::RrType::rrsig) {
        append(octets(64), made);
    }
    return made;
}

dns::Record Generator::record() {
    dns::Record made;
    made.owner = owner();
    made.type = kTypes[number(std::size(kTypes))];
    made.ttl = dns::Ttl{one_in(20) ? 0xffffffffU : number(4) * 300};
    made.rdata = rdata(made.type);
    return made;
}

void Generator::append_crowd(RecordList& list, std::uint32_t count) {
    dns::Record crowd = record();
    crowd.type = one_in(2) ? dns::RrType::txt : dns::RrType::ptr;
    for (std::uint32_t i = 0; i < count; ++i) {
        crowd.rdata = rdata(crowd.type);
        list.append(crowd.view());
    }
}

RecordList Generator::zone(std::uint32_t count) {
    RecordList list;
    while (list.size() < count) {
        if (one_in(300)) {
            append_crowd(list, 100 + number(900));
        }
        list.append(record().view());
    }
    list.sort_unique();
    return list;
}

RecordList Generator::changed(const RecordList& from, std::uint32_t edits) {
    RecordList list;
    const std::uint32_t out_of = static_cast<std::uint32_t>(from.size()) + 1;
    // Now and then a whole run of neighbours goes.
    const std::size_t gap_begin = one_in(3) ? number(out_of) : from.size();
    const std::size_t gap_end = gap_begin + number(out_of);
    for (std::size_t i = 0; i < from.size(); ++i) {
        if (i >= gap_begin && i < gap_end) {
            continue;
        }
        const std::uint32_t chance = number(out_of);
        if (chance < edits) {
            continue;
        }
        dns::Record kept{from[i]};
        if (chance < 2 * edits) {
            kept.ttl = dns::Ttl{number(10'000)};
        }
        list.append(kept.view());
    }
    if (one_in(3)) {
        append_crowd(list, number(600));
    }
    for (std::uint32_t i = number(edits + 1); i > 0; --i) {
        list.append(record().view());
    }
    list.sort_unique();
    return list;
}

}  // namespace twinzone::zone::test
