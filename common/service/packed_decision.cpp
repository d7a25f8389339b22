#include "common/service/packed_decision.h"

#include <algorithm>

namespace twinzone::service {

namespace {

using observe::EventFacts;

constexpr std::size_t kIdentityAt = 2;
constexpr std::size_t kTimesAt = 4;
constexpr std::size_t kLastAt = 8;
constexpr std::size_t kFirstAt = 12;
constexpr std::size_t kHeadBytes = 16;

// Flags of the identity, then of the rest.
constexpr std::uint8_t kHasFrom = 1;
constexpr std::uint8_t kHasTo = 2;
constexpr std::uint8_t kTls = 1;
constexpr std::uint8_t kAdded = 2;
constexpr std::uint8_t kRemoved = 4;
constexpr std::uint8_t kRecords = 8;
constexpr std::uint8_t kMessages = 16;
constexpr std::uint8_t kNext = 32;

constexpr std::array kTexts = {&EventFacts::name,   &EventFacts::key,    &EventFacts::file,
                               &EventFacts::detail, &EventFacts::digest, &EventFacts::note};

std::uint32_t stamp(UnixTime time) {
    return static_cast<std::uint32_t>(time.value());
}

// Seven bits an octet, the lowest first.
void put_number(Bytes& out, std::uint64_t number) {
    for (; number >= 0x80; number >>= 7) {
        out.push_back(static_cast<std::uint8_t>(number | 0x80));
    }
    out.push_back(static_cast<std::uint8_t>(number));
}

std::uint64_t take_number(ByteReader& reader) {
    std::uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const std::uint8_t octet = reader.u8();
        number |= std::uint64_t{octet & 0x7fU} << shift;
        if ((octet & 0x80) == 0) {
            break;
        }
    }
    return number;
}

void put_text(Bytes& out, std::string_view text) {
    text = text.substr(0, kMaxKeptText);
    put_number(out, text.size());
    out.insert(out.end(), text.begin(), text.end());
}

std::string take_text(ByteReader& reader) {
    return std::string{as_text(reader.bytes(take_number(reader)))};
}

// What of the remote tells decisions apart: a client's port is another one each time.
std::size_t partner_size(const Decision& decision) {
    const std::string& remote = decision.facts.remote;
    return words_of(decision.reason).by_client ? std::min(remote.find('@'), remote.size())
                                               : remote.size();
}

void put_identity(Bytes& out, const Decision& decision) {
    const EventFacts& facts = decision.facts;
    ByteWriter writer{out};
    writer.u8(static_cast<std::uint8_t>(decision.reason));
    writer.u8(static_cast<std::uint8_t>(decision.transfer));
    writer.u8(static_cast<std::uint8_t>((facts.from ? kHasFrom : 0) | (facts.to ? kHasTo : 0)));
    if (facts.from) {
        writer.u32(facts.from->value());
    }
    if (facts.to) {
        writer.u32(facts.to->value());
    }
    put_text(out, std::string_view{facts.remote}.substr(0, partner_size(decision)));
    for (const auto text : kTexts) {
        put_text(out, facts.*text);
    }
    put_text(out, decision.line);
}

void take_identity(ByteReader& reader, Decision& decision) {
    decision.reason = static_cast<Reason>(reader.u8());
    decision.transfer = static_cast<TransferLabel>(reader.u8());
    const std::uint8_t flags = reader.u8();
    if ((flags & kHasFrom) != 0) {
        decision.facts.from = dns::Serial{reader.u32()};
    }
    if ((flags & kHasTo) != 0) {
        decision.facts.to = dns::Serial{reader.u32()};
    }
    decision.facts.remote = take_text(reader);
    for (const auto text : kTexts) {
        decision.facts.*text = take_text(reader);
    }
    decision.line = take_text(reader);
}

void put_rest(Bytes& out, const Decision& decision) {
    const EventFacts& facts = decision.facts;
    put_text(out, std::string_view{facts.remote}.substr(partner_size(decision)));
    out.push_back(
        static_cast<std::uint8_t>((facts.tls ? kTls : 0) | (facts.added ? kAdded : 0) |
                                  (facts.removed ? kRemoved : 0) | (facts.records ? kRecords : 0) |
                                  (facts.messages ? kMessages : 0) | (facts.next ? kNext : 0)));
    for (const auto& count : {facts.added, facts.removed, facts.records, facts.messages}) {
        if (count) {
            put_number(out, *count);
        }
    }
    put_number(out, facts.bytes);
    put_number(out, static_cast<std::uint64_t>(facts.took.count()));
    if (facts.next) {
        put_number(out, static_cast<std::uint64_t>(facts.next->count()));
    }
}

void take_rest(ByteReader& reader, EventFacts& facts) {
    facts.remote += take_text(reader);
    const std::uint8_t flags = reader.u8();
    const auto count = [&](std::uint8_t flag) {
        return (flags & flag) != 0 ? std::optional{take_number(reader)} : std::nullopt;
    };
    facts.tls = (flags & kTls) != 0;
    facts.added = count(kAdded);
    facts.removed = count(kRemoved);
    facts.records = count(kRecords);
    facts.messages = count(kMessages);
    facts.bytes = take_number(reader);
    facts.took = Duration{static_cast<std::int64_t>(take_number(reader))};
    if (const std::optional<std::uint64_t> next = count(kNext)) {
        facts.next = seconds{static_cast<std::int64_t>(*next)};
    }
}

}  // namespace

Bytes pack(const KeptDecision& kept) {
    Bytes out(kHeadBytes);
    put_identity(out, kept.decision);
    store_u16(out.data() + kIdentityAt, static_cast<std::uint16_t>(out.size() - kHeadBytes));
    store_u32(out.data() + kTimesAt, kept.times);
    store_u32(out.data() + kLastAt, stamp(kept.at));
    store_u32(out.data() + kFirstAt, stamp(kept.first));
    put_rest(out, kept.decision);
    store_u16(out.data(), static_cast<std::uint16_t>(out.size()));
    return out;
}

Reason PackedDecision::reason() const noexcept {
    return static_cast<Reason>(octets_[kHeadBytes]);
}

std::uint32_t PackedDecision::times() const noexcept {
    return load_u32(octets_.data() + kTimesAt);
}

UnixTime PackedDecision::first() const noexcept {
    return UnixTime{load_u32(octets_.data() + kFirstAt)};
}

ByteView PackedDecision::identity() const noexcept {
    return octets_.subspan(kHeadBytes, load_u16(octets_.data() + kIdentityAt));
}

bool PackedDecision::says_the_same(const PackedDecision& other) const noexcept {
    const ByteView ours = identity();
    const ByteView theirs = other.identity();
    return std::equal(ours.begin(), ours.end(), theirs.begin(), theirs.end());
}

KeptDecision PackedDecision::unpack() const {
    KeptDecision kept;
    kept.times = times();
    kept.at = UnixTime{load_u32(octets_.data() + kLastAt)};
    kept.first = first();
    ByteReader reader{octets_.subspan(kHeadBytes)};
    take_identity(reader, kept.decision);
    take_rest(reader, kept.decision.facts);
    TWINZONE_ASSERT(!reader.failed());
    return kept;
}

std::vector<std::size_t> places_in(ByteView run) {
    std::vector<std::size_t> places;
    for (std::size_t at = 0; at < run.size(); at += load_u16(run.data() + at)) {
        places.push_back(at);
    }
    return places;
}

}  // namespace twinzone::service
