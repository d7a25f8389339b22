#include "common/transfer/access_rules.h"

#include "tests/support/catch.h"
#include "tests/support/records.h"

namespace twinzone::transfer {

namespace {

dns::TsigKeyPtr key(std::string_view name,
                    dns::TsigAlgorithm algorithm = dns::TsigAlgorithm::hmac_sha256) {
    return *dns::TsigKey::create(test::name(name), algorithm, Bytes(32, 1));
}

Peer peer(std::string_view address, dns::TsigKeyPtr used = nullptr) {
    return {*IpAddress::from_text(address), std::move(used)};
}

}  // namespace

TEST_CASE("access rules deny by default and want all conditions of a rule", "[transfer][R23]") {
    const dns::TsigKeyPtr k1 = key("k1.");
    const IpPrefix net = *IpPrefix::from_text("192.0.2.0/24");
    const IpPrefix net6 = *IpPrefix::from_text("2001:db8::/32");
    const AccessRules none;
    const AccessRules by_address{{{{net, net6}, nullptr}}};
    const AccessRules by_key{{{{}, k1}}};
    const AccessRules by_both{{{{net}, k1}}};
    const AccessRules either{{{{net6}, nullptr}, {{net}, k1}}};
    const AccessRules anybody{{AccessRule{}}};
    struct Row {
        const char* name = "";
        const AccessRules* rules = nullptr;
        Peer peer;
        bool allowed = false;
    };
    const Row rows[] = {
        {"no rule", &none, peer("192.0.2.1", k1), false},
        {"address", &by_address, peer("192.0.2.1"), true},
        {"second prefix", &by_address, peer("2001:db8::1"), true},
        {"address, signed", &by_address, peer("192.0.2.1", k1), true},
        {"other address", &by_address, peer("198.51.100.1"), false},
        {"key", &by_key, peer("198.51.100.1", k1), true},
        {"key of the same name after a reload", &by_key, peer("198.51.100.1", key("K1.")), true},
        {"no key", &by_key, peer("198.51.100.1"), false},
        {"another key", &by_key, peer("198.51.100.1", key("k2.")), false},
        {"key with another algorithm", &by_key,
         peer("198.51.100.1", key("k1.", dns::TsigAlgorithm::hmac_sha512)), false},
        {"address and key", &by_both, peer("192.0.2.1", k1), true},
        {"address without key", &by_both, peer("192.0.2.1"), false},
        {"key without address", &by_both, peer("198.51.100.1", k1), false},
        {"first of two rules", &either, peer("2001:db8::1"), true},
        {"second of two rules", &either, peer("192.0.2.1", k1), true},
        {"conditions of two rules", &either, peer("192.0.2.1"), false},
        {"rule without conditions", &anybody, peer("198.51.100.1"), true},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            CHECK(row.rules->allows(row.peer) == row.allowed);
        }
    }
}

}  // namespace twinzone::transfer
