#include "common/dns/rr_type.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace twinzone::dns {

namespace {

struct TypeName {
    std::uint16_t number;
    std::string_view text;
};

// IANA "Resource Record (RR) TYPEs", by number.
constexpr std::array kTypeNames = std::to_array<TypeName>({
    {1, "A"},           {2, "NS"},        {3, "MD"},        {4, "MF"},       {5, "CNAME"},
    {6, "SOA"},         {7, "MB"},        {8, "MG"},        {9, "MR"},       {10, "NULL"},
    {11, "WKS"},        {12, "PTR"},      {13, "HINFO"},    {14, "MINFO"},   {15, "MX"},
    {16, "TXT"},        {17, "RP"},       {18, "AFSDB"},    {19, "X25"},     {20, "ISDN"},
    {21, "RT"},         {22, "NSAP"},     {23, "NSAP-PTR"}, {24, "SIG"},     {25, "KEY"},
    {26, "PX"},         {27, "GPOS"},     {28, "AAAA"},     {29, "LOC"},     {30, "NXT"},
    {31, "EID"},        {32, "NIMLOC"},   {33, "SRV"},      {34, "ATMA"},    {35, "NAPTR"},
    {36, "KX"},         {37, "CERT"},     {38, "A6"},       {39, "DNAME"},   {40, "SINK"},
    {41, "OPT"},        {42, "APL"},      {43, "DS"},       {44, "SSHFP"},   {45, "IPSECKEY"},
    {46, "RRSIG"},      {47, "NSEC"},     {48, "DNSKEY"},   {49, "DHCID"},   {50, "NSEC3"},
    {51, "NSEC3PARAM"}, {52, "TLSA"},     {53, "SMIMEA"},   {55, "HIP"},     {56, "NINFO"},
    {57, "RKEY"},       {58, "TALINK"},   {59, "CDS"},      {60, "CDNSKEY"}, {61, "OPENPGPKEY"},
    {62, "CSYNC"},      {63, "ZONEMD"},   {64, "SVCB"},     {65, "HTTPS"},   {66, "DSYNC"},
    {67, "HHIT"},       {68, "BRID"},     {99, "SPF"},      {100, "UINFO"},  {101, "UID"},
    {102, "GID"},       {103, "UNSPEC"},  {104, "NID"},     {105, "L32"},    {106, "L64"},
    {107, "LP"},        {108, "EUI48"},   {109, "EUI64"},   {128, "NXNAME"}, {249, "TKEY"},
    {250, "TSIG"},      {251, "IXFR"},    {252, "AXFR"},    {253, "MAILB"},  {254, "MAILA"},
    {255, "ANY"},       {256, "URI"},     {257, "CAA"},     {258, "AVC"},    {259, "DOA"},
    {260, "AMTRELAY"},  {261, "RESINFO"}, {262, "WALLET"},  {263, "CLA"},    {264, "IPN"},
    {32768, "TA"},      {32769, "DLV"},
});

char upper(char c) noexcept {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return upper(x) == upper(y); });
}

// The number behind `prefix`, as in TYPE1234 (RFC 3597 §5).
std::optional<std::uint16_t> number_after(std::string_view prefix, std::string_view text) noexcept {
    if (text.size() <= prefix.size() ||
        !equal_ignoring_case(text.substr(0, prefix.size()), prefix)) {
        return std::nullopt;
    }
    std::uint16_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + prefix.size(), end, number);
    return error == std::errc{} && stop == end ? std::optional{number} : std::nullopt;
}

}  // namespace

std::string to_text(RrType type) {
    const auto found = std::lower_bound(
        kTypeNames.begin(), kTypeNames.end(), value(type),
        [](const TypeName& entry, std::uint16_t number) { return entry.number < number; });
    if (found != kTypeNames.end() && found->number == value(type)) {
        return std::string{found->text};
    }
    return fmt::format("TYPE{}", value(type));
}

std::optional<RrType> rr_type_from_text(std::string_view text) noexcept {
    for (const TypeName& entry : kTypeNames) {
        if (equal_ignoring_case(entry.text, text)) {
            return RrType{entry.number};
        }
    }
    const auto number = number_after("TYPE", text);
    return number ? std::optional{RrType{*number}} : std::nullopt;
}

std::string to_text(RrClass rr_class) {
    switch (rr_class) {
        case RrClass::in: return "IN";
        case RrClass::ch: return "CH";
        case RrClass::hs: return "HS";
        case RrClass::none: return "NONE";
        case RrClass::any: return "ANY";
    }
    return fmt::format("CLASS{}", value(rr_class));
}

std::optional<RrClass> rr_class_from_text(std::string_view text) noexcept {
    for (const RrClass known :
         {RrClass::in, RrClass::ch, RrClass::hs, RrClass::none, RrClass::any}) {
        if (equal_ignoring_case(to_text(known), text)) {
            return known;
        }
    }
    const auto number = number_after("CLASS", text);
    return number ? std::optional{RrClass{*number}} : std::nullopt;
}

}  // namespace twinzone::dns
