// Records of example.test. for tests, in few letters.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "common/dns/record.h"
#include "common/dns/soa.h"
#include "common/zone/record_list.h"

namespace twinzone::test {

inline dns::Name name(std::string_view text) {
    return *dns::Name::from_text(text);
}

inline dns::Name apex() {
    return name("example.test.");
}

inline dns::SoaRecord soa_record(std::uint32_t serial, seconds refresh = seconds{3600},
                                 seconds retry = seconds{600}, seconds expire = seconds{604800}) {
    dns::SoaRecord soa;
    soa.owner = apex();
    soa.ttl = dns::Ttl{3600};
    soa.mname = name("ns1.example.test.");
    soa.rname = name("hostmaster.example.test.");
    soa.serial = dns::Serial{serial};
    soa.refresh = refresh;
    soa.retry = retry;
    soa.expire = expire;
    soa.minimum = 300;
    return soa;
}

inline dns::Record soa(std::uint32_t serial) {
    return soa_record(serial).record();
}

inline dns::Record record(std::string_view owner, dns::RrType type, Bytes rdata,
                          std::uint32_t ttl = 3600) {
    dns::Record made;
    made.owner = name(owner);
    made.type = type;
    made.ttl = dns::Ttl{ttl};
    made.rdata = std::move(rdata);
    return made;
}

// `label` under the apex; "" is the apex itself.
inline std::string below_apex(std::string_view label) {
    std::string text{label};
    text.append(label.empty() ? "example.test." : ".example.test.");
    return text;
}

inline dns::Record a(std::string_view label, std::uint8_t last = 1, std::uint32_t ttl = 3600) {
    return record(below_apex(label), dns::RrType::a, {192, 0, 2, last}, ttl);
}

inline dns::Record ns(std::string_view target = "ns1.example.test.") {
    const dns::Name to = name(target);
    return record("example.test.", dns::RrType::ns,
                  {to.view().wire().begin(), to.view().wire().end()});
}

inline zone::RecordList list_of(const std::vector<dns::Record>& records) {
    zone::RecordList list;
    for (const dns::Record& each : records) {
        list.append(each.view());
    }
    list.sort_unique();
    return list;
}

// "www.example.test. A 3600 c0000201": for comparisons that print well.
inline std::string text_of(const dns::RecordView& view) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text = view.owner.to_text();
    text.append(" ").append(to_text(view.type)).append(" ");
    text.append(std::to_string(view.ttl.value())).append(" ");
    for (const std::uint8_t octet : view.rdata) {
        text += digits[octet >> 4];
        text += digits[octet & 15];
    }
    return text;
}

inline std::vector<std::string> texts_of(const zone::RecordList& list) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < list.size(); ++i) {
        texts.push_back(text_of(list[i]));
    }
    return texts;
}

}  // namespace twinzone::test
