#include "common/zone/denial_chain.h"

#include <algorithm>

#include <fmt/format.h>

namespace twinzone::zone {

namespace {

using dns::RrType;

constexpr std::size_t kNsec3FixedBytes = 5;  // hash, flags, iterations, salt length
constexpr std::size_t kBitmapBytes = 32;     // of one window at most (RFC 4034 §4.1.2)

Failure broken(dns::NameView owner, std::string_view what) {
    return fail(Errc::zone_unverified, fmt::format("{}: {}", owner.to_text(), what));
}

// The types of a bitmap, in order; nullopt where it is malformed.
std::optional<std::vector<std::uint16_t>> types_in(ByteView bitmap) {
    std::vector<std::uint16_t> types;
    while (!bitmap.empty()) {
        if (bitmap.size() < 2 || bitmap[1] == 0 || bitmap[1] > kBitmapBytes ||
            bitmap.size() < std::size_t{2} + bitmap[1]) {
            return std::nullopt;
        }
        for (std::size_t bit = 0; bit < std::size_t{8} * bitmap[1]; ++bit) {
            if ((bitmap[2 + bit / 8] & (0x80U >> (bit % 8))) != 0) {
                types.push_back(static_cast<std::uint16_t>(std::size_t{256} * bitmap[0] + bit));
            }
        }
        bitmap = bitmap.subspan(std::size_t{2} + bitmap[1]);
    }
    return types;
}

// What an NSEC at a delegation may tell of: the rest is the child's (RFC 4035 §2.3).
bool is_of_parent(RrType type) {
    return type == RrType::ns || type == RrType::ds || type == RrType::rrsig ||
           type == RrType::nsec;
}

// Hash, iterations and salt; flags are each record's own (RFC 5155 §3.1.2). Empty: malformed.
Bytes parameters_of(ByteView rdata) {
    if (rdata.size() < kNsec3FixedBytes || rdata.size() < kNsec3FixedBytes + rdata[4]) {
        return {};
    }
    Bytes out{rdata.begin(), rdata.begin() + kNsec3FixedBytes + rdata[4]};
    out[1] = 0;
    return out;
}

// Base32 with the hex alphabet, without padding (RFC 5155 §1.3); empty where it is none.
Bytes hash_in(ByteView label) {
    Bytes out;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const std::uint8_t octet : label) {
        const std::uint8_t c = dns::lower(octet);
        const bool is_digit = c >= '0' && c <= '9';
        if (!is_digit && (c < 'a' || c > 'v')) {
            return {};
        }
        bits = (bits << 5U) | static_cast<std::uint32_t>(is_digit ? c - '0' : c - 'a' + 10);
        count += 5;
        if (count >= 8) {
            count -= 8;
            out.push_back(static_cast<std::uint8_t>(bits >> count));
        }
    }
    return out;
}

const dns::RecordView* find(const std::vector<dns::RecordView>& records, RrType type) {
    const auto at = std::find_if(records.begin(), records.end(),
                                 [type](const auto& record) { return record.type == type; });
    return at == records.end() ? nullptr : &*at;
}

}  // namespace

void DenialChain::begin(dns::NameView apex, const std::vector<dns::RecordView>& at_apex) {
    apex_ = dns::Name{apex};
    has_nsec_ = find(at_apex, RrType::nsec) != nullptr;
    // Where there are several chains, one of them is enough to be whole.
    if (const dns::RecordView* param = find(at_apex, RrType::nsec3param); param && !has_nsec_) {
        nsec3_param_ = parameters_of(param->rdata);
    }
}

Result<void> DenialChain::add(dns::NameView owner, const std::vector<dns::RecordView>& records,
                              bool is_cut) {
    if (has_nsec_) {
        return add_nsec(owner, records, is_cut);
    }
    if (nsec3_param_.empty()) {
        return {};
    }
    for (const dns::RecordView& record : records) {
        if (record.type == RrType::nsec3 && parameters_of(record.rdata) == nsec3_param_) {
            if (Result<void> added = add_nsec3(owner, record); !added) {
                return added;
            }
        }
    }
    return {};
}

Result<void> DenialChain::add_nsec(dns::NameView owner, const std::vector<dns::RecordView>& records,
                                   bool is_cut) {
    const dns::RecordView* nsec = find(records, RrType::nsec);
    if (nsec == nullptr) {
        return broken(owner, "no NSEC, which every name of the zone has");
    }
    const Result<dns::NameView> next = dns::NameView::parse(nsec->rdata);
    const auto told = next ? types_in(nsec->rdata.subspan(next->size()))
                           : std::optional<std::vector<std::uint16_t>>{};
    if (!told) {
        return broken(owner, "its NSEC is malformed");
    }
    if (next_ && !(next_->view() == owner)) {
        return broken(owner, fmt::format("the NSEC before names {} as the next", next_->to_text()));
    }
    next_ = dns::Name{*next};
    std::vector<std::uint16_t> there;
    if (owner == apex_.view()) {
        there.push_back(value(RrType::soa));
    }
    for (const dns::RecordView& record : records) {
        if (!is_cut || is_of_parent(record.type)) {
            there.push_back(value(record.type));
        }
    }
    std::sort(there.begin(), there.end());
    there.erase(std::unique(there.begin(), there.end()), there.end());
    return there == *told ? Result<void>{}
                          : broken(owner, "its NSEC does not tell the types that are there");
}

Result<void> DenialChain::add_nsec3(dns::NameView owner, const dns::RecordView& record) {
    const Bytes hash = owner.is_root() ? Bytes{} : hash_in(owner.first_label());
    const ByteView rest = record.rdata.subspan(nsec3_param_.size());
    if (hash.empty() || rest.empty() || rest[0] != hash.size() ||
        rest.size() < std::size_t{1} + rest[0]) {
        return broken(owner, "its NSEC3 is malformed");
    }
    if (first_hash_ && hash != next_hash_) {
        return broken(owner, "the NSEC3 before names another as the next");
    }
    first_hash_ = first_hash_ ? first_hash_ : hash;
    next_hash_.assign(rest.begin() + 1, rest.begin() + 1 + rest[0]);
    return {};
}

Result<void> DenialChain::finish() const {
    if (has_nsec_ && !(next_ && *next_ == apex_)) {
        return broken(apex_, "the last NSEC does not lead back to the apex");
    }
    if (!nsec3_param_.empty() && (!first_hash_ || next_hash_ != *first_hash_)) {
        return broken(apex_, "the chain of NSEC3 is not closed");
    }
    return {};
}

}  // namespace twinzone::zone
