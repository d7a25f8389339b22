#include "common/text/mnemonic.h"

#include <algorithm>
#include <span>

#include "common/text/char_class.h"

namespace twinzone::text {

namespace {

struct Mnemonic {
    std::string_view text;
    std::uint16_t number;
};

constexpr Mnemonic kAlgorithms[] = {
    {"DELETE", 0},       {"RSAMD5", 1},           {"DH", 2},         {"DSA", 3},
    {"RSASHA1", 5},      {"DSA-NSEC3-SHA1", 6},   {"NSEC3DSA", 6},   {"RSASHA1-NSEC3-SHA1", 7},
    {"NSEC3RSASHA1", 7}, {"RSASHA256", 8},        {"RSASHA512", 10}, {"ECC-GOST", 12},
    {"ECCGOST", 12},     {"ECDSAP256SHA256", 13}, {"ECDSA256", 13},  {"ECDSAP384SHA384", 14},
    {"ECDSA384", 14},    {"ED25519", 15},         {"ED448", 16},     {"INDIRECT", 252},
    {"PRIVATEDNS", 253}, {"PRIVATEOID", 254},
};

constexpr Mnemonic kCertificates[] = {
    {"PKIX", 1}, {"SPKI", 2},   {"PGP", 3},     {"IPKIX", 4}, {"ISPKI", 5},
    {"IPGP", 6}, {"ACPKIX", 7}, {"IACPKIX", 8}, {"URI", 253}, {"OID", 254},
};

std::optional<std::uint16_t> find(std::span<const Mnemonic> mnemonics,
                                  std::string_view text) noexcept {
    const auto found = std::find_if(
        mnemonics.begin(), mnemonics.end(),
        [text](const Mnemonic& mnemonic) { return equal_ignoring_case(mnemonic.text, text); });
    return found == mnemonics.end() ? std::nullopt : std::optional{found->number};
}

}  // namespace

std::optional<std::uint8_t> algorithm_from_mnemonic(std::string_view text) noexcept {
    const auto number = find(kAlgorithms, text);
    return number ? std::optional{static_cast<std::uint8_t>(*number)} : std::nullopt;
}

std::optional<std::uint16_t> certificate_from_mnemonic(std::string_view text) noexcept {
    return find(kCertificates, text);
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return to_lower(x) == to_lower(y); });
}

}  // namespace twinzone::text
