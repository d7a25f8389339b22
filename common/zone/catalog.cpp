#include "common/zone/catalog.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

namespace twinzone::zone {

namespace {

using Labels = std::vector<std::string_view>;

std::string_view text_of(ByteView octets) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): octets as characters
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

// The one string of a TXT; nullopt where there are several (RFC 1035 §3.3.14).
std::optional<std::string> only_string(ByteView rdata) {
    if (rdata.empty() || rdata.size() != std::size_t{1} + rdata[0]) {
        return std::nullopt;
    }
    return std::string{text_of(rdata.subspan(1))};
}

// Labels of `owner` in lower case before those of the apex, from the left.
Labels labels_below(const dns::Name& lowered, std::size_t apex_size) {
    Labels labels;
    dns::NameView rest = lowered.view();
    while (rest.size() > apex_size) {
        labels.push_back(text_of(rest.first_label()));
        rest = rest.parent();
    }
    return labels;
}

// Primaries below one node, by their label; "" for those directly at it.
struct PrimariesNode {
    struct Group {
        std::vector<IpAddress> addresses;
        std::vector<std::string> keys;
    };
    std::map<std::string, Group, std::less<>> groups;
};

struct MemberNode {
    std::vector<dns::Name> zones;  // PTR
    std::vector<std::string> groups;
    std::vector<dns::Name> coos;
    PrimariesNode primaries;
};

class Reader {
  public:
    explicit Reader(dns::NameView apex) : apex_(apex) {}

    void take(const dns::RecordView& record);
    CatalogContent finish();

  private:
    void take_member(const dns::RecordView& record, const Labels& labels);
    [[nodiscard]] std::string version_fault() const;
    [[nodiscard]] std::string member_fault(const MemberNode& node);
    void add_member(const std::string& id, MemberNode& node);

    dns::Name apex_;
    std::vector<std::optional<std::string>> versions_;
    PrimariesNode primaries_;
    std::unordered_map<std::string, MemberNode> nodes_;
    std::vector<std::string> order_;  // of the nodes, as they came
    std::unordered_set<dns::Name, dns::NameHash> seen_;
    CatalogContent content_;
};

bool is_primaries(std::string_view label) {
    return label == "primaries" || label == "masters";
}

// `labels` are those above a member's node, or above the apex: [LABEL.](primaries|masters)[.ext].
// False where they are something else.
bool take_primaries(const dns::RecordView& record, std::span<const std::string_view> labels,
                    PrimariesNode& node) {
    if (!labels.empty() && labels.back() == "ext") {
        labels = labels.first(labels.size() - 1);
    }
    if (labels.empty() || labels.size() > 2 || !is_primaries(labels.back())) {
        return false;
    }
    const std::string_view label = labels.size() == 2 ? labels.front() : std::string_view{};
    PrimariesNode::Group& group = node.groups[std::string{label}];
    if (record.type == dns::RrType::a && record.rdata.size() == 4) {
        std::array<std::uint8_t, 4> octets{};
        std::copy(record.rdata.begin(), record.rdata.end(), octets.begin());
        group.addresses.push_back(IpAddress::v4(octets));
    } else if (record.type == dns::RrType::aaaa && record.rdata.size() == 16) {
        std::array<std::uint8_t, 16> octets{};
        std::copy(record.rdata.begin(), record.rdata.end(), octets.begin());
        group.addresses.push_back(IpAddress::v6(octets));
    } else if (record.type == dns::RrType::txt) {
        // One that names no key must not end as none: what came signed would then come unsigned.
        group.keys.push_back(only_string(record.rdata).value_or(std::string{}));
    }
    return true;
}

void Reader::take(const dns::RecordView& record) {
    const dns::Name lowered = dns::Name{record.owner}.lowered();
    const Labels labels = labels_below(lowered, apex_.view().size());
    if (labels.empty()) {
        return;
    }
    if (labels.back() == "zones") {
        take_member(record, labels);
    } else if (labels.size() == 1 && labels[0] == "version") {
        if (record.type == dns::RrType::txt) {
            versions_.push_back(only_string(record.rdata));
        }
    } else {
        take_primaries(record, labels, primaries_);
    }
}

void Reader::take_member(const dns::RecordView& record, const Labels& labels) {
    const std::size_t above = labels.size() - 1;  // "zones" aside
    if (above == 0) {
        return;
    }
    const auto [at, is_new] = nodes_.try_emplace(std::string{labels[above - 1]});
    if (is_new) {
        order_.push_back(at->first);
    }
    MemberNode& node = at->second;
    const bool is_ptr = record.type == dns::RrType::ptr;
    const Result<dns::NameView> target = dns::NameView::parse(record.rdata);
    if (above == 1) {
        if (is_ptr && target) {
            node.zones.emplace_back(*target);
        }
    } else if (above == 2 && labels[0] == "group") {
        std::optional<std::string> group = only_string(record.rdata);
        if (record.type == dns::RrType::txt && group) {
            node.groups.push_back(std::move(*group));
        }
    } else if (above == 2 && labels[0] == "coo") {
        if (is_ptr && target) {
            node.coos.emplace_back(*target);
        }
    } else {
        take_primaries(record, std::span{labels}.first(above - 1), node.primaries);
    }
}

std::string key_fault(const PrimariesNode& node, std::string_view where) {
    for (const auto& [label, group] : node.groups) {
        if (group.keys.size() > 1) {
            return fmt::format("the primaries of {} have several keys", where);
        }
        if (!group.keys.empty() && group.keys.front().empty()) {
            return fmt::format("the key of a primary of {} has no name", where);
        }
    }
    return {};
}

// Requires: no fault.
std::vector<CatalogPrimary> primaries_of(const PrimariesNode& node) {
    std::vector<CatalogPrimary> primaries;
    for (const auto& [label, group] : node.groups) {
        for (const IpAddress& address : group.addresses) {
            primaries.push_back({.address = address,
                                 .key = group.keys.empty() ? std::string{} : group.keys.front()});
        }
    }
    return primaries;
}

std::string Reader::version_fault() const {
    if (versions_.empty()) {
        return "it has no version";
    }
    if (versions_.size() > 1) {
        return "it has several versions";
    }
    return versions_[0] == "2" || versions_[0] == "1" ? "" : "its version is neither 2 nor 1";
}

// Requires: node.zones is not empty.
std::string Reader::member_fault(const MemberNode& node) {
    const std::string name = node.zones.front().to_text();
    if (node.zones.size() > 1) {
        return fmt::format("one of its members has two names: {} and {}", name,
                           node.zones[1].to_text());
    }
    if (node.coos.size() > 1) {
        return fmt::format("member {} goes to two catalogs", name);
    }
    if (!seen_.insert(node.zones.front()).second) {
        return fmt::format("member {} is in it twice", name);
    }
    return key_fault(node.primaries, name);
}

void Reader::add_member(const std::string& id, MemberNode& node) {
    CatalogMember& member = content_.members.emplace_back();
    member.zone = node.zones.front();
    member.id = id;
    member.groups = std::move(node.groups);
    if (!node.coos.empty()) {
        member.coo = std::make_shared<const dns::Name>(node.coos.front());
    }
    member.primaries = primaries_of(node.primaries);
}

CatalogContent Reader::finish() {
    std::string fault = version_fault();
    if (fault.empty()) {
        fault = key_fault(primaries_, "the catalog");
    }
    if (fault.empty() && order_.size() > kMaxCatalogMembers) {
        fault = fmt::format("it has more than {} members", kMaxCatalogMembers);
    }
    for (std::size_t i = 0; i < order_.size() && fault.empty(); ++i) {
        MemberNode& node = nodes_.at(order_[i]);
        if (node.zones.empty()) {  // no member, whatever hangs below it (RFC 9432 §4.1)
            continue;
        }
        fault = member_fault(node);
        add_member(order_[i], node);
    }
    if (!fault.empty()) {
        return {.broken = std::move(fault), .members = {}, .primaries = {}};
    }
    content_.primaries = primaries_of(primaries_);
    return std::move(content_);
}

}  // namespace

bool same_properties(const CatalogMember& a, const CatalogMember& b) {
    const bool same_coo =
        (a.coo == nullptr) == (b.coo == nullptr) && (a.coo == nullptr || *a.coo == *b.coo);
    return same_coo && a.id == b.id && a.groups == b.groups && a.primaries == b.primaries;
}

Result<CatalogContent> read_catalog(dns::NameView apex, RecordStream& records) {
    Reader reader{apex};
    while (true) {
        Result<std::optional<dns::RecordView>> record = records.next();
        if (!record) {
            return fail(std::move(record).error());
        }
        if (!*record) {
            return reader.finish();
        }
        reader.take(**record);
    }
}

}  // namespace twinzone::zone
