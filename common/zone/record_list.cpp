#include "common/zone/record_list.h"

#include <algorithm>
#include <cstring>

#include "common/dns/rdata_layout.h"
#include "common/zone/sort_key.h"

namespace twinzone::zone {

namespace {

constexpr std::size_t kFixedBytes = 10;   // type, class, TTL, RDLENGTH
constexpr std::size_t kPrefixBytes = 16;  // octets of the sort key that are compared first

// A record to be sorted. The prefix begins behind what the sort keys of all records have in common,
// which in a zone is at least the apex; so it decides nearly every comparison without a look at the
// records.
struct Place {
    std::uint64_t prefix_high = 0;
    std::uint64_t prefix_low = 0;
    std::uint32_t index = 0;
};

std::size_t common_octets(ByteView a, ByteView b) noexcept {
    const auto ends = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    return static_cast<std::size_t>(ends.first - a.begin());
}

// How many octets the sort keys of all records begin with in common.
std::size_t common_key_octets(const RecordList& list) {
    Bytes first;
    append_sort_key(list[0].owner, first);
    std::size_t common = first.size();
    Bytes key;
    for (std::size_t i = 1; i < list.size() && common > 0; ++i) {
        key.clear();
        append_sort_key(list[i].owner, key);
        common = common_octets(ByteView{first}.first(common), key);
    }
    return common;
}

std::vector<Place> places_of(const RecordList& list) {
    const std::size_t common = common_key_octets(list);
    std::vector<Place> places(list.size());
    Bytes key;
    for (std::size_t i = 0; i < list.size(); ++i) {
        key.clear();
        append_sort_key(list[i].owner, key);
        key.resize(std::max(key.size(), common + kPrefixBytes));  // zeros: below any label
        places[i].prefix_high = load_u64(key.data() + common);
        places[i].prefix_low = load_u64(key.data() + common + 8);
        places[i].index = static_cast<std::uint32_t>(i);
    }
    return places;
}

bool stands_before(const RecordList& list, const Place& a, const Place& b) noexcept {
    if (a.prefix_high != b.prefix_high) {
        return a.prefix_high < b.prefix_high;
    }
    if (a.prefix_low != b.prefix_low) {
        return a.prefix_low < b.prefix_low;
    }
    const int order = compare_canonical(list[a.index], list[b.index]);
    return order == 0 ? a.index < b.index : order < 0;
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

void RecordList::append(const dns::RecordView& record) {
    offsets_.push_back(octets_.size());
    ByteWriter writer{octets_};
    writer.bytes(record.owner.wire());
    writer.u16(value(record.type));
    writer.u16(value(record.rr_class));
    writer.u32(record.ttl.value());
    writer.u16(static_cast<std::uint16_t>(record.rdata.size()));
    writer.bytes(record.rdata);
}

void RecordList::clear() noexcept {
    octets_.clear();
    offsets_.clear();
}

std::size_t RecordList::memory_bytes() const noexcept {
    return octets_.size() + offsets_.size() * sizeof(offsets_[0]);
}

dns::RecordView RecordList::operator[](std::size_t index) const noexcept {
    const std::uint8_t* owner = octets_.data() + offsets_[index];
    std::size_t owner_bytes = 1;
    while (owner[owner_bytes - 1] != 0) {
        owner_bytes += std::size_t{1} + owner[owner_bytes - 1];
    }
    const std::uint8_t* fixed = owner + owner_bytes;
    dns::RecordView record;
    record.owner = dns::NameView::unchecked({owner, owner_bytes});
    record.type = static_cast<dns::RrType>(load_u16(fixed));
    record.rr_class = static_cast<dns::RrClass>(load_u16(fixed + 2));
    record.ttl = dns::Ttl{load_u32(fixed + 4)};
    record.rdata = {fixed + kFixedBytes, load_u16(fixed + 8)};
    return record;
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
    std::vector<Place> places = places_of(*this);
    std::sort(places.begin(), places.end(),
              [this](const Place& a, const Place& b) { return stands_before(*this, a, b); });
    std::vector<std::uint64_t> sorted;
    sorted.reserve(size());
    for (std::size_t i = 0; i < places.size(); ++i) {
        const dns::RecordView record = (*this)[places[i].index];
        const bool last_of_same =
            i + 1 == places.size() || compare_canonical(record, (*this)[places[i + 1].index]) != 0;
        if (last_of_same) {
            sorted.push_back(offsets_[places[i].index]);
        }
    }
    const std::size_t dropped = size() - sorted.size();
    offsets_ = std::move(sorted);
    return dropped;
}

}  // namespace twinzone::zone
