#include "common/zone/record_list.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "common/dns/rdata_layout.h"
#include "common/zone/sort_key.h"

namespace twinzone::zone {

namespace {

constexpr std::size_t kFixedBytes = 10;   // type, class, TTL, RDLENGTH
constexpr std::size_t kPrefixBytes = 16;  // octets of the sort key that are compared first

// Records of one owner that were appended one after another, as zone files and transfers mostly
// have them: they are put into order as one. The prefix begins behind what the sort keys of all
// records have in common, which in a zone is at least the apex; so it decides nearly every
// comparison without a look at the records.
struct Group {
    std::uint64_t prefix_high = 0;
    std::uint64_t prefix_low = 0;
    std::uint32_t first = 0;  // its records: [first, first + size)
    std::uint32_t size = 0;
};

std::size_t common_octets(ByteView a, ByteView b) noexcept {
    const auto ends = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    return static_cast<std::size_t>(ends.first - a.begin());
}

std::vector<Group> groups_of(const RecordList& list) {
    std::vector<Group> groups;
    dns::NameView owner;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const dns::NameView next = list[i].owner;
        if (groups.empty() || !same_bytes(owner, next)) {
            groups.push_back({.first = static_cast<std::uint32_t>(i)});
            owner = next;
        }
        ++groups.back().size;
    }
    return groups;
}

// How many octets the sort keys of all records begin with in common.
std::size_t common_key_octets(const RecordList& list, const std::vector<Group>& groups) {
    Bytes first;
    append_sort_key(list[0].owner, first);
    std::size_t common = first.size();
    Bytes key;
    for (const Group& group : groups) {
        key.clear();
        append_sort_key(list[group.first].owner, key);
        common = common_octets(ByteView{first}.first(common), key);
    }
    return common;
}

void set_prefixes(const RecordList& list, std::vector<Group>& groups) {
    const std::size_t common = common_key_octets(list, groups);
    Bytes key;
    for (Group& group : groups) {
        key.clear();
        append_sort_key(list[group.first].owner, key);
        key.resize(std::max(key.size(), common + kPrefixBytes));  // zeros: below any label
        group.prefix_high = load_u64(key.data() + common);
        group.prefix_low = load_u64(key.data() + common + 8);
    }
}

// Neighbours in a zone mostly have the same parent, octet for octet: then the first labels decide.
int compare_owners(dns::NameView a, dns::NameView b) noexcept {
    if (a.is_root() || b.is_root() || !same_bytes(a.parent(), b.parent())) {
        return dns::compare_canonical(a, b);
    }
    const ByteView label_a = a.first_label();
    const ByteView label_b = b.first_label();
    const std::size_t common = std::min(label_a.size(), label_b.size());
    for (std::size_t i = 0; i < common; ++i) {
        if (label_a[i] != label_b[i]) {
            const int order = dns::lower(label_a[i]) - dns::lower(label_b[i]);
            if (order != 0) {
                return order;
            }
        }
    }
    return static_cast<int>(label_a.size()) - static_cast<int>(label_b.size());
}

int compare_groups(const RecordList& list, const Group& a, const Group& b) noexcept {
    if (a.prefix_high != b.prefix_high) {
        return a.prefix_high < b.prefix_high ? -1 : 1;
    }
    if (a.prefix_low != b.prefix_low) {
        return a.prefix_low < b.prefix_low ? -1 : 1;
    }
    return compare_owners(list[a.first].owner, list[b.first].owner);
}

bool is_capital(std::uint8_t octet) noexcept {
    return dns::lower(octet) != octet;
}

// As dns::compare_canonical_rdata(), which is asked (and allocates) only where a capital letter is
// the first octet to differ: any other octet orders the same within a name and outside.
int compare_rdata(dns::RrType type, ByteView a, ByteView b) noexcept {
    const auto [at_a, at_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    if (at_a == a.end() || at_b == b.end()) {
        return a.size() < b.size() ? -1 : static_cast<int>(a.size() > b.size());
    }
    if (is_capital(*at_a) || is_capital(*at_b)) {
        return compare_canonical_rdata(type, a, b);
    }
    return *at_a - *at_b;
}

bool same_octets(ByteView a, ByteView b) noexcept {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

// Of a FlatRecord that is whole.
dns::RecordView at(const std::uint8_t* octets) noexcept {
    const std::uint8_t* fixed = octets + 1 + octets[0];
    dns::RecordView record;
    record.owner = dns::NameView::unchecked({octets + 1, octets[0]});
    record.type = static_cast<dns::RrType>(load_u16(fixed));
    record.rr_class = static_cast<dns::RrClass>(load_u16(fixed + 2));
    record.ttl = dns::Ttl{load_u32(fixed + 4)};
    record.rdata = {fixed + kFixedBytes, load_u16(fixed + 8)};
    return record;
}

// `indexes`: of records of one owner, in the order they were appended. Leaves them in canonical
// order, and of records that are the same the one appended last.
void sort_unique_of_owner(const RecordList& list, std::vector<std::uint32_t>& indexes) {
    const auto before = [&list](std::uint32_t a, std::uint32_t b) {
        return compare_canonical(list[a], list[b]) < 0;
    };
    if (!std::is_sorted(indexes.begin(), indexes.end(), before)) {
        std::stable_sort(indexes.begin(), indexes.end(), before);
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < indexes.size(); ++i) {
        if (i + 1 == indexes.size() ||
            compare_canonical(list[indexes[i]], list[indexes[i + 1]]) != 0) {
            indexes[kept++] = indexes[i];
        }
    }
    indexes.resize(kept);
}

}  // namespace

int compare_canonical(const dns::RecordView& a, const dns::RecordView& b) noexcept {
    if (!same_bytes(a.owner, b.owner)) {
        const int by_owner = compare_owners(a.owner, b.owner);
        if (by_owner != 0) {
            return by_owner;
        }
    }
    if (a.type != b.type) {
        return value(a.type) < value(b.type) ? -1 : 1;
    }
    return compare_rdata(a.type, a.rdata, b.rdata);
}

bool same_content(const dns::RecordView& a, const dns::RecordView& b) noexcept {
    return a.ttl == b.ttl && a.type == b.type && a.rr_class == b.rr_class && a.owner == b.owner &&
           same_octets(a.rdata, b.rdata);
}

std::optional<FlatRecord> FlatRecord::read(ByteView octets) noexcept {
    if (octets.empty() || octets.size() < 1 + octets[0] + kFixedBytes) {
        return std::nullopt;
    }
    const std::uint8_t* fixed = octets.data() + 1 + octets[0];
    FlatRecord read;
    read.record = at(octets.data());
    read.bytes = 1 + octets[0] + kFixedBytes + load_u16(fixed + 8);
    return read.bytes <= octets.size() ? std::optional{read} : std::nullopt;
}

void RecordList::append(const dns::RecordView& record) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): written before it is read
    std::array<std::uint8_t, 1 + dns::kMaxNameBytes + kFixedBytes> front;
    const ByteView owner = record.owner.wire();
    front[0] = static_cast<std::uint8_t>(owner.size());
    std::uint8_t* fixed = std::copy(owner.begin(), owner.end(), front.data() + 1);
    store_u16(fixed, value(record.type));
    store_u16(fixed + 2, value(record.rr_class));
    store_u32(fixed + 4, record.ttl.value());
    store_u16(fixed + 8, static_cast<std::uint16_t>(record.rdata.size()));
    offsets_.push_back(octets_.size());
    octets_.insert(octets_.end(), front.data(), fixed + kFixedBytes);
    octets_.insert(octets_.end(), record.rdata.begin(), record.rdata.end());
}

void RecordList::clear() noexcept {
    octets_.clear();
    offsets_.clear();
}

std::size_t RecordList::memory_bytes() const noexcept {
    return octets_.size() + offsets_.size() * sizeof(offsets_[0]);
}

dns::RecordView RecordList::operator[](std::size_t index) const noexcept {
    return at(octets_.data() + offsets_[index]);
}

ByteView RecordList::octets_of(std::size_t index) const noexcept {
    const std::uint8_t* octets = octets_.data() + offsets_[index];
    const std::size_t front = std::size_t{1} + octets[0] + kFixedBytes;
    return {octets, front + load_u16(octets + front - 2)};
}

std::size_t RecordList::sort_unique() {
    bool ascending = true;
    for (std::size_t i = 1; i < size() && ascending; ++i) {
        ascending = compare_canonical((*this)[i - 1], (*this)[i]) < 0;
    }
    if (ascending) {
        return 0;
    }
    TWINZONE_ASSERT(size() <= UINT32_MAX);
    std::vector<Group> groups = groups_of(*this);
    set_prefixes(*this, groups);
    std::sort(groups.begin(), groups.end(), [this](const Group& a, const Group& b) {
        const int order = compare_groups(*this, a, b);
        return order == 0 ? a.first < b.first : order < 0;
    });
    std::vector<std::uint64_t> sorted;
    sorted.reserve(size());
    std::vector<std::uint32_t> of_owner;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        for (std::uint32_t k = 0; k < groups[i].size; ++k) {
            of_owner.push_back(groups[i].first + k);
        }
        if (i + 1 == groups.size() || compare_groups(*this, groups[i], groups[i + 1]) != 0) {
            sort_unique_of_owner(*this, of_owner);
            for (const std::uint32_t index : of_owner) {
                sorted.push_back(offsets_[index]);
            }
            of_owner.clear();
        }
    }
    const std::size_t dropped = size() - sorted.size();
    offsets_ = std::move(sorted);
    return dropped;
}

}  // namespace twinzone::zone
