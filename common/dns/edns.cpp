#include "common/dns/edns.h"

#include <algorithm>

#include <fmt/format.h>

namespace twinzone::dns {

namespace {

// The OPT record's TTL field holds extended rcode, version and flags (RFC 6891 §6.1.3).
constexpr std::uint32_t kDnssecOk = 0x8000;
constexpr unsigned kExtendedRcodeShift = 24;
constexpr unsigned kVersionShift = 16;

constexpr milliseconds kKeepaliveUnit{100};  // RFC 7828 §3.1

constexpr std::uint8_t kVersionIsSerial = 0;     // TYPE SOA-SERIAL (RFC 9660 §2.2)
constexpr seconds::rep kMaxExpire = 0xffffffff;  // 32 bits (RFC 7314 §2)

}  // namespace

Result<Edns> Edns::parse(const RecordView& opt) {
    TWINZONE_ASSERT(opt.type == RrType::opt);
    if (!opt.owner.is_root()) {
        return fail(Errc::message_malformed,
                    fmt::format("OPT at {} instead of the root", opt.owner.to_text()));
    }
    Edns edns;
    edns.udp_payload_bytes = value(opt.rr_class);
    edns.extended_rcode = static_cast<std::uint8_t>(opt.ttl.value() >> kExtendedRcodeShift);
    edns.version = static_cast<std::uint8_t>(opt.ttl.value() >> kVersionShift);
    edns.dnssec_ok = (opt.ttl.value() & kDnssecOk) != 0;
    ByteReader reader{opt.rdata};
    while (reader.remaining() > 0) {
        Option option;
        option.code = static_cast<EdnsOption>(reader.u16());
        const ByteView octets = reader.bytes(reader.u16());
        if (reader.failed()) {
            return fail(Errc::message_malformed, "an EDNS option runs past the OPT record");
        }
        option.value.assign(octets.begin(), octets.end());
        edns.options.push_back(std::move(option));
    }
    return edns;
}

Record Edns::record() const {
    Record opt;
    opt.type = RrType::opt;
    opt.rr_class = static_cast<RrClass>(udp_payload_bytes);
    opt.ttl =
        Ttl{std::uint32_t{extended_rcode} << kExtendedRcodeShift |
            std::uint32_t{version} << kVersionShift | (dnssec_ok ? kDnssecOk : std::uint32_t{0})};
    ByteWriter writer{opt.rdata};
    for (const Option& option : options) {
        writer.u16(static_cast<std::uint16_t>(option.code));
        writer.u16(static_cast<std::uint16_t>(option.value.size()));
        writer.bytes(option.value);
    }
    return opt;
}

const Edns::Option* Edns::find(EdnsOption code) const noexcept {
    const auto at = std::find_if(options.begin(), options.end(),
                                 [code](const Option& option) { return option.code == code; });
    return at == options.end() ? nullptr : &*at;
}

void Edns::set_zone_version(const Name& zone, Serial serial) {
    Option option{EdnsOption::zoneversion, {}};
    ByteWriter writer{option.value};
    writer.u8(static_cast<std::uint8_t>(zone.view().label_count()));
    writer.u8(kVersionIsSerial);
    writer.u32(serial.value());
    options.push_back(std::move(option));
}

bool Edns::has_expire() const noexcept {
    return find(EdnsOption::expire) != nullptr;
}

std::optional<seconds> Edns::expire() const noexcept {
    const Option* option = find(EdnsOption::expire);
    if (option == nullptr || option->value.size() != 4) {
        return std::nullopt;
    }
    return seconds{load_u32(option->value.data())};
}

void Edns::ask_expire() {
    options.push_back({EdnsOption::expire, {}});
}

void Edns::set_expire(seconds left) {
    Option option{EdnsOption::expire, {}};
    ByteWriter{option.value}.u32(
        static_cast<std::uint32_t>(std::clamp<seconds::rep>(left.count(), 0, kMaxExpire)));
    options.push_back(std::move(option));
}

bool Edns::has_keepalive() const noexcept {
    return find(EdnsOption::tcp_keepalive) != nullptr;
}

std::optional<milliseconds> Edns::keepalive() const noexcept {
    const Option* option = find(EdnsOption::tcp_keepalive);
    if (option == nullptr || option->value.size() != 2) {
        return std::nullopt;
    }
    return kKeepaliveUnit * load_u16(option->value.data());
}

void Edns::ask_keepalive() {
    options.push_back({EdnsOption::tcp_keepalive, {}});
}

void Edns::set_keepalive(Duration idle) {
    Option option{EdnsOption::tcp_keepalive, {}};
    ByteWriter{option.value}.u16(
        static_cast<std::uint16_t>(std::clamp<Duration::rep>(idle / kKeepaliveUnit, 0, 0xffff)));
    options.push_back(std::move(option));
}

}  // namespace twinzone::dns
