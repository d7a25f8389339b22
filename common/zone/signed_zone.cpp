#include "common/zone/signed_zone.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <iterator>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "common/dns/rdata_layout.h"

namespace twinzone::zone {

namespace {

using dns::RrType;

std::string named(const dns::RecordView& record) {
    return fmt::format("{} {}", record.owner.to_text(), dns::to_text(record.type));
}

Failure unverified(const dns::RecordView& record, std::string_view what) {
    return fail(Errc::zone_unverified, fmt::format("{}: {}", named(record), what));
}

std::string moment_text(UnixTime at) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(at.value())));
}

// Of a delegation only what tells of its security is signed (RFC 4035 §2.2).
bool is_signed_at_cut(RrType type) {
    return type == RrType::ds || type == RrType::nsec;
}

}  // namespace

std::string_view to_string(DnssecVerdict verdict) noexcept {
    switch (verdict) {
        case DnssecVerdict::not_signed: return "unsigned";
        case DnssecVerdict::verified: return "valid";
        case DnssecVerdict::unknown: return "unsupported";
    }
    return "";
}

Result<void> SignedZone::add(const dns::RecordView& record) {
    if (apex_judged_ && findings_.verdict != DnssecVerdict::verified) {
        return {};
    }
    if (!owner_.empty() && !(owner_[0].owner == record.owner)) {
        if (Result<void> judged = judge_owner(); !judged) {
            return judged;
        }
        owner_.clear();
    }
    owner_.append(record);
    if (owner_.memory_bytes() > kMaxOwnerBytes) {
        return fail(Errc::transfer_limit,
                    fmt::format("{}: more records than can be verified", record.owner.to_text()));
    }
    return {};
}

Result<DnssecFindings> SignedZone::finish() {
    const bool goes_on = !apex_judged_ || findings_.verdict == DnssecVerdict::verified;
    Result<void> judged = goes_on ? judge_owner() : Result<void>{};
    if (judged && findings_.verdict == DnssecVerdict::verified) {
        judged = chain_.finish();
    }
    return judged ? Result<DnssecFindings>{findings_} : fail(std::move(judged).error());
}

bool SignedZone::is_occluded(dns::NameView owner) const {
    return cut_ && !(cut_->view() == owner) && owner.is_at_or_below(*cut_);
}

void SignedZone::read_signatures() {
    signatures_.clear();
    for (std::size_t i = 0; i < owner_.size(); ++i) {
        if (owner_[i].type == RrType::rrsig) {
            if (const auto signature = Signature::parse(owner_[i].rdata)) {
                signatures_.push_back(*signature);
            }
        }
    }
}

Result<void> SignedZone::judge_owner() {
    if (!apex_judged_) {
        apex_judged_ = true;
        Result<void> judged = judge_apex();
        if (!judged || owner_.empty() || owner_[0].owner == soa_.owner) {
            return judged;
        }
    }
    if (owner_.empty() || findings_.verdict != DnssecVerdict::verified ||
        is_occluded(owner_[0].owner)) {
        return {};
    }
    read_signatures();
    return judge_sets(owner_[0].owner);
}

// Records of the apex come first of all; without any the zone is not signed.
Result<void> SignedZone::judge_apex() {
    if (owner_.empty() || !(owner_[0].owner == soa_.owner)) {
        return {};
    }
    read_signatures();
    bool has_keys = false;
    for (std::size_t i = 0; i < owner_.size(); ++i) {
        if (owner_[i].type != RrType::dnskey) {
            continue;
        }
        has_keys = true;
        std::optional<ZoneKey> key = ZoneKey::parse(owner_[i].rdata);
        if (key && is_known_algorithm(key->algorithm)) {
            keys_.push_back(std::move(*key));
        }
    }
    if (!has_keys && signatures_.empty()) {
        return {};
    }
    if (keys_.empty() && has_keys) {
        findings_.verdict = DnssecVerdict::unknown;
        return {};
    }
    findings_.verdict = DnssecVerdict::verified;
    const dns::Record soa = soa_.record();
    Result<void> judged = judge_set({soa.view()});
    return judged ? judge_sets(soa_.owner) : judged;
}

Result<void> SignedZone::judge_sets(dns::NameView owner) {
    Set records;
    for (std::size_t i = 0; i < owner_.size(); ++i) {
        records.push_back(owner_[i]);
    }
    const auto has = [&records](RrType type) {
        return std::any_of(records.begin(), records.end(),
                           [type](const auto& record) { return record.type == type; });
    };
    const bool is_apex = owner == soa_.owner;
    const bool is_cut = !is_apex && has(RrType::ns);
    if (is_cut || has(RrType::dname)) {
        cut_ = dns::Name{owner};
    }
    if (is_apex) {
        chain_.begin(owner, records);
    }
    // What only NSEC3 stands at is no name of the zone.
    Result<void> linked = chain_.add(owner, records, is_cut);
    for (auto first = records.begin(); linked && first != records.end();) {
        const auto last = std::find_if(
            first, records.end(), [first](const auto& other) { return other.type != first->type; });
        const bool is_signed =
            first->type != RrType::rrsig && (!is_cut || is_signed_at_cut(first->type));
        if (is_signed) {
            linked = judge_set(Set{first, last});
        }
        first = last;
    }
    return linked;
}

// One signature that holds is enough (RFC 4035 §5.3.3); the one that holds longest counts.
Result<void> SignedZone::judge_set(const Set& set) {
    std::optional<UnixTime> end;
    std::optional<Error> fault;
    tries_ = 0;
    for (const Signature& signature : signatures_) {
        if (signature.covered != set.front().type) {
            continue;
        }
        const Result<UnixTime> held = judge_signature(signature, set);
        if (held) {
            end = std::max(end.value_or(*held), *held);
        } else {
            fault = held.error();
        }
    }
    if (!end) {
        return fault ? fail(std::move(*fault)) : unverified(set.front(), "there is no signature");
    }
    if (!findings_.first_end || *end < *findings_.first_end) {
        findings_.first_end = end;
        findings_.first_set = named(set.front());
    }
    return {};
}

// When it ends. RFC 4035 §5.3.1.
Result<UnixTime> SignedZone::judge_signature(const Signature& signature, const Set& set) {
    const dns::RecordView& record = set.front();
    const std::size_t labels = record.owner.label_count() - (record.owner.is_wildcard() ? 1 : 0);
    if (!(signature.signer == soa_.owner) || signature.labels > labels) {
        return unverified(record, "its signature is not one of this zone");
    }
    const UnixTime begin = moment_of(signature.inception, now_);
    const UnixTime end = moment_of(signature.expiration, now_);
    if (end < now_) {
        return unverified(record, fmt::format("its signature expired at {}", moment_text(end)));
    }
    if (begin > now_) {
        return unverified(record,
                          fmt::format("its signature is not valid before {}", moment_text(begin)));
    }
    bool has_key = false;
    for (const ZoneKey& key : keys_) {
        if (key.tag != signature.key_tag || key.algorithm != signature.algorithm) {
            continue;
        }
        if (++tries_ > kMaxTries) {
            return unverified(record, "there are too many signatures and keys to try");
        }
        if (!has_key) {
            write_signed(signature, set);
        }
        has_key = true;
        if (is_signature_of(key, signature.octets, signed_)) {
            ++findings_.signatures;
            return end;
        }
    }
    return unverified(
        record,
        has_key ? "its signature does not hold"
                : fmt::format("it is signed by key {}, which the zone has not", signature.key_tag));
}

// RFC 4034 §3.1.8.1, §6.2.
void SignedZone::write_signed(const Signature& signature, const Set& set) {
    signed_.clear();
    const ByteView fixed = signature.head.first(signature.head.size() - signature.signer.size());
    signed_.insert(signed_.end(), fixed.begin(), fixed.end());
    const auto put_name = [this](dns::NameView name) {
        const ByteView wire = name.wire();
        std::transform(wire.begin(), wire.end(), std::back_inserter(signed_), dns::lower);
    };
    put_name(signature.signer);
    // What was made from a wildcard is signed as the wildcard.
    dns::NameView owner = set.front().owner;
    std::size_t labels = owner.label_count() - (owner.is_wildcard() ? 1 : 0);
    const bool is_expanded = signature.labels < labels;
    for (; labels > signature.labels; --labels) {
        owner = owner.parent();
    }
    for (const dns::RecordView& record : set) {
        if (is_expanded) {
            signed_.push_back(1);
            signed_.push_back('*');
        }
        put_name(owner);
        std::array<std::uint8_t, 10> numbers{};
        store_u16(numbers.data(), value(record.type));
        store_u16(numbers.data() + 2, value(record.rr_class));
        store_u32(numbers.data() + 4, signature.original_ttl.value());
        store_u16(numbers.data() + 8, static_cast<std::uint16_t>(record.rdata.size()));
        signed_.insert(signed_.end(), numbers.begin(), numbers.end());
        dns::append_canonical_rdata(record.type, record.rdata, signed_);
    }
}

}  // namespace twinzone::zone
