// The members of catalogs as text, to outlive the process:
//
//   twinzone members 1
//   rejected CATALOG VERSION
//   member CATALOG ZONE ID LEAVES COO GROUPS PRIMARIES
//
// LEAVES is in seconds since 1970; COO is "-" where there is none; GROUPS ("g,h") and PRIMARIES
// ("192.0.2.1|k1.,…") follow a "=". In every field octets other than letters, digits and "-._:" are
// %XX.
#include <charconv>

#include <fmt/format.h>

#include "common/zone/membership.h"

namespace twinzone::zone {

namespace {

constexpr std::string_view kHeader = "twinzone members 1";
constexpr std::size_t kMemberWords = 8;

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{"-._:"}.find(c) != std::string_view::npos;
}

std::string encoded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (is_plain(c)) {
            out.push_back(c);
        } else {
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return out;
}

std::optional<std::string> decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out.push_back(text[i]);
            continue;
        }
        unsigned octet = 0;
        const char* first = text.data() + i + 1;
        if (text.size() - i < 3 || std::from_chars(first, first + 2, octet, 16).ptr != first + 2) {
            return std::nullopt;
        }
        out.push_back(static_cast<char>(octet));
        i += 2;
    }
    return out;
}

std::vector<std::string> split(std::string_view text, char at) {
    std::vector<std::string> parts;
    while (true) {
        const std::size_t end = std::min(text.find(at), text.size());
        parts.emplace_back(text.substr(0, end));
        if (end == text.size()) {
            return parts;
        }
        text.remove_prefix(end + 1);
    }
}

std::optional<dns::Name> name_of(std::string_view word) {
    const std::optional<std::string> text = decoded(word);
    const Result<dns::Name> name = dns::Name::from_text(text.value_or(""));
    return name ? std::optional{*name} : std::nullopt;
}

// "=a,b" as a list.
std::vector<std::string> items_of(std::string_view word) {
    return word.size() > 1 && word[0] == '=' ? split(word.substr(1), ',')
                                             : std::vector<std::string>{};
}

std::string groups_text(const CatalogMember& member) {
    std::string text = "=";
    for (const std::string& group : member.groups) {
        text += fmt::format("{}{}", text.size() > 1 ? "," : "", encoded(group));
    }
    return text;
}

std::string primaries_text(const CatalogMember& member) {
    std::string text = "=";
    for (const CatalogPrimary& primary : member.primaries) {
        text += fmt::format("{}{}|{}", text.size() > 1 ? "," : "",
                            encoded(primary.address.to_text()), encoded(primary.key));
    }
    return text;
}

bool read_properties(const std::vector<std::string>& words, CatalogMember& member) {
    for (const std::string& group : items_of(words[6])) {
        std::optional<std::string> text = decoded(group);
        if (!text) {
            return false;
        }
        member.groups.push_back(std::move(*text));
    }
    for (const std::string& item : items_of(words[7])) {
        const std::vector<std::string> parts = split(item, '|');
        const auto address = IpAddress::from_text(decoded(parts[0]).value_or(""));
        const std::optional<std::string> key = decoded(parts.size() > 1 ? parts[1] : "");
        if (!address || !key) {
            return false;
        }
        member.primaries.push_back({.address = *address, .key = *key});
    }
    return true;
}

std::optional<Membership> membership_of(const std::vector<std::string>& words) {
    const std::optional<dns::Name> zone = name_of(words[2]);
    const std::optional<std::string> id = decoded(words[3]);
    std::int64_t leaves = 0;
    const std::string& number = words[4];
    const char* end = number.data() + number.size();
    if (!zone || !id || std::from_chars(number.data(), end, leaves).ptr != end) {
        return std::nullopt;
    }
    Membership membership;
    membership.member.zone = *zone;
    membership.member.id = *id;
    membership.leaves = UnixTime{leaves};
    if (words[5] != "-") {
        const std::optional<dns::Name> coo = name_of(words[5]);
        if (!coo) {
            return std::nullopt;
        }
        membership.member.coo = std::make_shared<const dns::Name>(*coo);
    }
    if (!read_properties(words, membership.member)) {
        return std::nullopt;
    }
    return membership;
}

}  // namespace

std::string MembershipBook::to_text() const {
    std::string text = fmt::format("{}\n", kHeader);
    for (const Catalog& catalog : catalogs_) {
        if (!catalog.rejected.empty()) {
            text += fmt::format("rejected {} {}\n", encoded(catalog.rules.catalog.to_text()),
                                encoded(catalog.rejected));
        }
    }
    for (const auto& [zone, membership] : members_) {
        const CatalogMember& member = membership.member;
        fmt::format_to(std::back_inserter(text), "member {} {} {} {} {} {} {}\n",
                       encoded(catalogs_[membership.catalog].rules.catalog.to_text()),
                       encoded(zone.to_text()), encoded(member.id), membership.leaves.value(),
                       member.coo == nullptr ? "-" : encoded(member.coo->to_text()),
                       groups_text(member), primaries_text(member));
    }
    return text;
}

// A line about a catalog that is ours no more, or a zone that is configured now, is passed over.
bool MembershipBook::restore_line(const std::vector<std::string>& words,
                                  const ConfiguredZones& configured) {
    const std::optional<dns::Name> name = words.size() > 1 ? name_of(words[1]) : std::nullopt;
    if (!name) {
        return false;
    }
    const std::optional<std::size_t> place = place_of(*name);
    if (words[0] == "rejected" && words.size() == 3) {
        const std::optional<std::string> version = decoded(words[2]);
        if (place && version) {
            catalogs_[*place].rejected = *version;
        }
        return version.has_value();
    }
    if (words[0] != "member" || words.size() != kMemberWords) {
        return false;
    }
    std::optional<Membership> membership = membership_of(words);
    if (!membership) {
        return false;
    }
    const dns::Name zone = membership->member.zone;
    if (!place || configured.is_configured(zone)) {
        return true;
    }
    membership->catalog = *place;
    Catalog& catalog = catalogs_[*place];
    ++catalog.members;
    if (membership->leaves == UnixTime{}) {
        catalog.listed.emplace(zone, membership->member);
    } else {
        ++catalog.leaving;
        leaving_.emplace(membership->leaves, zone);
    }
    members_.emplace(zone, std::move(*membership));
    return true;
}

bool MembershipBook::restore(std::string_view text, const ConfiguredZones& configured) {
    std::vector<std::string> lines = split(text, '\n');
    if (lines.front() != kHeader) {
        return false;
    }
    MembershipBook whole;
    for (const Catalog& catalog : catalogs_) {
        whole.places_.emplace(catalog.rules.catalog, whole.catalogs_.size());
        whole.catalogs_.emplace_back().rules = catalog.rules;
    }
    for (std::size_t i = 1; i < lines.size(); ++i) {
        if (!lines[i].empty() && !whole.restore_line(split(lines[i], ' '), configured)) {
            return false;
        }
    }
    *this = std::move(whole);
    return true;
}

}  // namespace twinzone::zone
