#include "common/dns/tsig_record.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/dns/name_reader.h"
#include "common/dns/rr_type.h"

namespace twinzone::dns {

namespace {

constexpr std::int64_t kMax48Bits = (std::int64_t{1} << 48) - 1;
constexpr std::size_t kFixedBytes = 10;       // type, class, TTL, RDLENGTH
constexpr std::size_t kFixedRdataBytes = 16;  // time, fudge, MAC size, ID, error, other length
constexpr std::size_t kMinMacBytes = 10;

Failure malformed(const char* what) {
    return fail(Errc::message_malformed, what);
}

// The position behind the name at `at`, without following pointers; nullopt beyond the message.
std::optional<std::size_t> skip_name(ByteView message, std::size_t at) noexcept {
    while (at < message.size()) {
        const std::uint8_t octet = message[at];
        if (octet > kMaxLabelBytes) {
            return at + 2;
        }
        at += std::size_t{1} + octet;
        if (octet == 0) {
            return at;
        }
    }
    return std::nullopt;
}

// The position behind `count` questions.
std::optional<std::size_t> skip_questions(ByteView message, std::size_t count) noexcept {
    std::size_t at = kHeaderBytes;
    for (; count > 0; --count) {
        const std::optional<std::size_t> end = skip_name(message, at);
        if (!end) {
            return std::nullopt;
        }
        at = *end + 4;
    }
    return at;
}

struct Position {
    std::size_t owner;
    std::size_t fixed;
    std::size_t end;
};

std::optional<Position> step_over(ByteView message, std::size_t at) noexcept {
    const std::optional<std::size_t> fixed = skip_name(message, at);
    if (!fixed || *fixed + kFixedBytes > message.size()) {
        return std::nullopt;
    }
    const std::size_t end = *fixed + kFixedBytes + load_u16(message.data() + *fixed + 8);
    return end <= message.size() ? std::optional{Position{at, *fixed, end}} : std::nullopt;
}

Result<TsigRecord> parse(ByteView message, const Position& at) {
    const std::uint8_t* fixed = message.data() + at.fixed;
    if (load_u16(fixed + 2) != value(RrClass::any) || load_u32(fixed + 4) != 0) {
        return malformed("TSIG of another class than ANY or with a TTL");
    }
    NameScratch scratch;
    const Result<ReadName> owner =
        read_name(MessageOctets{message}, at.owner, message.size(), scratch);
    if (!owner) {
        return fail(owner.error());
    }
    const std::size_t rdata_at = at.fixed + kFixedBytes;
    const ByteView rdata = message.subspan(rdata_at, at.end - rdata_at);
    const Result<NameView> algorithm = NameView::parse(rdata);
    if (!algorithm) {
        return fail(algorithm.error());
    }
    TsigRecord record;
    record.key_name = Name{owner->name};
    record.algorithm = *algorithm;
    ByteReader reader{rdata.subspan(algorithm->size())};
    record.signed_at = std::uint64_t{reader.u16()} << 32;
    record.signed_at |= reader.u32();
    record.fudge = reader.u16();
    record.mac = reader.bytes(reader.u16());
    record.original_id = reader.u16();
    record.error = static_cast<Rcode>(reader.u16());
    record.other = reader.bytes(reader.u16());
    if (reader.failed() || reader.remaining() > 0) {
        return malformed("TSIG rdata does not fit its fields");
    }
    return record;
}

}  // namespace

Result<std::optional<FoundTsig>> find_tsig(ByteView message) {
    if (message.size() < kHeaderBytes) {
        return malformed("shorter than a header");
    }
    const Header header = read_header(message.data());
    if (header.arcount == 0) {
        return std::optional<FoundTsig>{};
    }
    std::optional<std::size_t> at = skip_questions(message, header.qdcount);
    const std::size_t before = std::size_t{header.ancount} + header.nscount;
    const std::size_t last = before + header.arcount - 1;
    for (std::size_t i = 0; at && i <= last; ++i) {
        const std::optional<Position> record = step_over(message, *at);
        if (!record) {
            return malformed("a record is cut off");
        }
        if (static_cast<RrType>(load_u16(message.data() + record->fixed)) == RrType::tsig) {
            if (i != last || record->end != message.size()) {
                return malformed("TSIG is not the last record");
            }
            Result<TsigRecord> tsig = parse(message, *record);
            if (!tsig) {
                return fail(std::move(tsig).error());
            }
            return std::optional{FoundTsig{*tsig, record->owner}};
        }
        at = record->end;
    }
    if (!at) {
        return malformed("a question is cut off");
    }
    return std::optional<FoundTsig>{};
}

std::size_t remove_tsig(std::span<std::uint8_t> message, const FoundTsig& tsig) noexcept {
    Header header = read_header(message.data());
    --header.arcount;
    store_u16(message.data() + 10, header.arcount);
    return tsig.message_bytes;
}

std::size_t tsig_wire_bytes(NameView key_name, NameView algorithm, std::size_t mac,
                            std::size_t other) noexcept {
    return key_name.size() + kFixedBytes + algorithm.size() + kFixedRdataBytes + mac + other;
}

Bytes to_wire(const TsigRecord& record) {
    const std::size_t size =
        tsig_wire_bytes(record.key_name, record.algorithm, record.mac.size(), record.other.size());
    Bytes out;
    out.reserve(size);
    ByteWriter writer{out};
    writer.bytes(record.key_name.view().wire());
    writer.u16(value(RrType::tsig));
    writer.u16(value(RrClass::any));
    writer.u32(0);
    writer.u16(static_cast<std::uint16_t>(size - record.key_name.view().size() - kFixedBytes));
    writer.bytes(record.algorithm.wire());
    writer.u48(record.signed_at);
    writer.u16(record.fudge);
    writer.u16(static_cast<std::uint16_t>(record.mac.size()));
    writer.bytes(record.mac);
    writer.u16(record.original_id);
    writer.u16(static_cast<std::uint16_t>(record.error));
    writer.u16(static_cast<std::uint16_t>(record.other.size()));
    writer.bytes(record.other);
    return out;
}

std::uint64_t tsig_time(UnixTime time) noexcept {
    return static_cast<std::uint64_t>(std::clamp<std::int64_t>(time.value(), 0, kMax48Bits));
}

bool within_fudge(const TsigRecord& record, UnixTime now) noexcept {
    const std::uint64_t ours = tsig_time(now);
    const std::uint64_t apart = std::max(ours, record.signed_at) - std::min(ours, record.signed_at);
    return apart <= record.fudge;
}

bool mac_size_allowed(std::size_t size, TsigAlgorithm algorithm) noexcept {
    const std::size_t whole = mac_bytes(algorithm);
    return size <= whole && size >= std::max(kMinMacBytes, whole / 2);
}

std::string tsig_error_text(Rcode error) {
    return error == Rcode::bad_sig ? "BADSIG" : to_text(error);
}

std::string tsig_times_text(const TsigRecord& record, UnixTime now) {
    return fmt::format("signed at {}, our clock {}, fudge {} s", record.signed_at, now.value(),
                       record.fudge);
}

}  // namespace twinzone::dns
