#include "common/text/rdata_field.h"

namespace twinzone::text {

namespace {

using enum Field;

constexpr Field kA[] = {ipv4};
constexpr Field kAaaa[] = {ipv6};
constexpr Field kName[] = {name};
constexpr Field kTwoNames[] = {name, name};
constexpr Field kSoa[] = {name, name, u32, period, period, period, period};
constexpr Field kPreferenceName[] = {u16, name};
constexpr Field kPx[] = {u16, name, name};
constexpr Field kSrv[] = {u16, u16, u16, name};
constexpr Field kNaptr[] = {u16, u16, string, string, string, name};
constexpr Field kString[] = {string};
constexpr Field kTwoStrings[] = {string, string};
constexpr Field kThreeStrings[] = {string, string, string};
constexpr Field kIsdn[] = {string, optional_string};
constexpr Field kStrings[] = {strings};
constexpr Field kKey[] = {u16, u8, algorithm, base64};
constexpr Field kOldKey[] = {u16, u8, algorithm, optional_base64};  // "no key" (RFC 2535 §3.1.2)
constexpr Field kDs[] = {u16, algorithm, u8, hex};
constexpr Field kSignature[] = {type,      algorithm, u8,   period, timestamp,
                                timestamp, u16,       name, base64};
constexpr Field kNsec[] = {name, bitmap};
constexpr Field kNsec3[] = {u8, u8, u16, salt, next_hash, bitmap};
constexpr Field kNsec3Param[] = {u8, u8, u16, salt};
constexpr Field kCsync[] = {u32, u16, bitmap};
constexpr Field kTlsa[] = {u8, u8, u8, hex};
constexpr Field kSshfp[] = {u8, u8, hex};
constexpr Field kZonemd[] = {u32, u8, u8, hex};
constexpr Field kCert[] = {certificate, u16, algorithm, base64};
constexpr Field kBase64[] = {base64};
constexpr Field kCaa[] = {u8, tag, long_text};
constexpr Field kUri[] = {u16, u16, long_text};
constexpr Field kLocator[] = {u16, locator};
constexpr Field kL32[] = {u16, ipv4};
constexpr Field kEui48[] = {eui48};
constexpr Field kEui64[] = {eui64};
constexpr Field kIpseckey[] = {u8, ipseckey, optional_base64};
constexpr Field kAmtRelay[] = {u8, amt_relay};
constexpr Field kDsync[] = {type, notify_scheme, u16, name};
constexpr Field kSvcb[] = {u16, name, service_params};

// Types that dns::RrType has no enumerator for.
constexpr std::uint16_t kNinfo = 56;
constexpr std::uint16_t kRkey = 57;
constexpr std::uint16_t kTalink = 58;
constexpr std::uint16_t kDsyncType = 66;
constexpr std::uint16_t kNid = 104;
constexpr std::uint16_t kL32Type = 105;
constexpr std::uint16_t kL64 = 106;
constexpr std::uint16_t kLp = 107;
constexpr std::uint16_t kAvc = 258;
constexpr std::uint16_t kAmtRelayType = 260;
constexpr std::uint16_t kResinfo = 261;
constexpr std::uint16_t kWallet = 262;
constexpr std::uint16_t kCla = 263;
constexpr std::uint16_t kTa = 32768;

std::span<const Field> fields_by_number(std::uint16_t number) noexcept {
    switch (number) {
        case kNinfo:
        case kAvc:
        case kResinfo:
        case kWallet:
        case kCla: return kStrings;
        case kRkey: return kKey;
        case kTalink: return kTwoNames;
        case kDsyncType: return kDsync;
        case kNid:
        case kL64: return kLocator;
        case kL32Type: return kL32;
        case kLp: return kPreferenceName;
        case kAmtRelayType: return kAmtRelay;
        case kTa: return kDs;
        default: return {};
    }
}

}  // namespace

std::span<const Field> rdata_fields(dns::RrType rr_type) noexcept {
    using dns::RrType;
    switch (rr_type) {
        case RrType::a: return kA;
        case RrType::aaaa: return kAaaa;
        case RrType::ns:
        case RrType::md:
        case RrType::mf:
        case RrType::cname:
        case RrType::mb:
        case RrType::mg:
        case RrType::mr:
        case RrType::ptr:
        case RrType::nsap_ptr:
        case RrType::dname: return kName;
        case RrType::soa: return kSoa;
        case RrType::minfo:
        case RrType::rp: return kTwoNames;
        case RrType::mx:
        case RrType::afsdb:
        case RrType::rt:
        case RrType::kx: return kPreferenceName;
        case RrType::px: return kPx;
        case RrType::srv: return kSrv;
        case RrType::naptr: return kNaptr;
        case RrType::x25: return kString;
        case RrType::hinfo: return kTwoStrings;
        case RrType::gpos: return kThreeStrings;
        case RrType::isdn: return kIsdn;
        case RrType::txt:
        case RrType::spf: return kStrings;
        case RrType::dnskey:
        case RrType::cdnskey: return kKey;
        case RrType::key: return kOldKey;
        case RrType::ds:
        case RrType::cds:
        case RrType::dlv: return kDs;
        case RrType::sig:
        case RrType::rrsig: return kSignature;
        case RrType::nsec: return kNsec;
        case RrType::nsec3: return kNsec3;
        case RrType::nsec3param: return kNsec3Param;
        case RrType::csync: return kCsync;
        case RrType::tlsa:
        case RrType::smimea: return kTlsa;
        case RrType::sshfp: return kSshfp;
        case RrType::zonemd: return kZonemd;
        case RrType::cert: return kCert;
        case RrType::dhcid:
        case RrType::openpgpkey: return kBase64;
        case RrType::caa: return kCaa;
        case RrType::uri: return kUri;
        case RrType::eui48: return kEui48;
        case RrType::eui64: return kEui64;
        case RrType::ipseckey: return kIpseckey;
        case RrType::svcb:
        case RrType::https: return kSvcb;
        default: return fields_by_number(dns::value(rr_type));
    }
}

}  // namespace twinzone::text
