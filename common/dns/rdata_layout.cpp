#include "common/dns/rdata_layout.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

#include "common/dns/name.h"

namespace twinzone::dns {

namespace {

constexpr RdataField kName{RdataFieldKind::name, 0};
constexpr RdataField kString{RdataFieldKind::string, 0};
constexpr RdataField kRest{RdataFieldKind::rest, 0};
constexpr RdataField octets(std::uint8_t count) {
    return {RdataFieldKind::octets, count};
}

constexpr RdataField kOneName[] = {kName};
constexpr RdataField kTwoNames[] = {kName, kName};
constexpr RdataField kSoa[] = {kName, kName, octets(20)};
constexpr RdataField kPreferenceName[] = {octets(2), kName};
constexpr RdataField kPx[] = {octets(2), kName, kName};
constexpr RdataField kSrv[] = {octets(6), kName};
constexpr RdataField kNaptr[] = {octets(4), kString, kString, kString, kName};
constexpr RdataField kSignature[] = {octets(18), kName, kRest};
constexpr RdataField kNameAndRest[] = {kName, kRest};
constexpr RdataField kFour[] = {octets(4)};
constexpr RdataField kSixteen[] = {octets(16)};
constexpr RdataField kHinfo[] = {kString, kString};

constexpr RdataLayout kOpaque{};
constexpr RdataLayout kA{kFour};
constexpr RdataLayout kAaaa{kSixteen};
constexpr RdataLayout kHostInfo{kHinfo};
constexpr RdataLayout kRfc1035Name{kOneName, true, true, true};  // NS MD MF CNAME MB MG MR PTR
constexpr RdataLayout kRfc1035Soa{kSoa, true, true, true};
constexpr RdataLayout kRfc1035Minfo{kTwoNames, true, true, true};
constexpr RdataLayout kRfc1035Mx{kPreferenceName, true, true, true};
constexpr RdataLayout kRp{kTwoNames, false, true, true};
constexpr RdataLayout kAfsdbRt{kPreferenceName, false, true, true};
constexpr RdataLayout kPxLayout{kPx, false, true, true};
constexpr RdataLayout kSrvLayout{kSrv, false, true, true};
constexpr RdataLayout kNaptrLayout{kNaptr, false, true, true};
constexpr RdataLayout kSig{kSignature, false, true, true};
constexpr RdataLayout kNxt{kNameAndRest, false, true, true};
constexpr RdataLayout kKx{kPreferenceName, false, false, true};
constexpr RdataLayout kDname{kOneName, false, false, true};
constexpr RdataLayout kRrsig{kSignature, false, false, true};
constexpr RdataLayout kNsec{kNameAndRest, false, false,
                            false};  // RFC 6840 §5.1: next name keeps its case

// Calls `visit(field kind, run of octets)` for each field; false where the rdata does not fit the
// layout.
template <class Visit>
bool walk(const RdataLayout& layout, ByteView rdata, Visit visit) {
    for (const RdataField& field : layout.fields) {
        std::size_t size = 0;
        switch (field.kind) {
            case RdataFieldKind::octets: size = field.count; break;
            case RdataFieldKind::string:
                size = rdata.empty() ? 1 : std::size_t{1} + rdata[0];
                break;
            case RdataFieldKind::rest: size = rdata.size(); break;
            case RdataFieldKind::name: {
                const Result<NameView> name = NameView::parse(rdata);
                if (!name) {
                    return false;
                }
                size = name->size();
                break;
            }
        }
        if (size > rdata.size()) {
            return false;
        }
        visit(field.kind, rdata.first(size));
        rdata = rdata.subspan(size);
    }
    return rdata.empty();
}

}  // namespace

const RdataLayout& rdata_layout(RrType type) noexcept {
    switch (type) {
        case RrType::a: return kA;
        case RrType::aaaa: return kAaaa;
        case RrType::ns:
        case RrType::md:
        case RrType::mf:
        case RrType::cname:
        case RrType::mb:
        case RrType::mg:
        case RrType::mr:
        case RrType::ptr: return kRfc1035Name;
        case RrType::soa: return kRfc1035Soa;
        case RrType::minfo: return kRfc1035Minfo;
        case RrType::mx: return kRfc1035Mx;
        case RrType::hinfo: return kHostInfo;
        case RrType::rp: return kRp;
        case RrType::afsdb:
        case RrType::rt: return kAfsdbRt;
        case RrType::px: return kPxLayout;
        case RrType::srv: return kSrvLayout;
        case RrType::naptr: return kNaptrLayout;
        case RrType::sig: return kSig;
        case RrType::nxt: return kNxt;
        case RrType::kx: return kKx;
        case RrType::dname: return kDname;
        case RrType::rrsig: return kRrsig;
        case RrType::nsec: return kNsec;
        default: return kOpaque;
    }
}

Result<void> check_rdata(RrType type, ByteView rdata) {
    const RdataLayout& layout = rdata_layout(type);
    if (layout.opaque() || walk(layout, rdata, [](RdataFieldKind, ByteView) {})) {
        return {};
    }
    return fail(Errc::message_malformed,
                fmt::format("rdata of {} octets is no {}", rdata.size(), to_text(type)));
}

void append_canonical_rdata(RrType type, ByteView rdata, Bytes& out) {
    const RdataLayout& layout = rdata_layout(type);
    if (!layout.lower_names) {
        out.insert(out.end(), rdata.begin(), rdata.end());
        return;
    }
    walk(layout, rdata, [&out](RdataFieldKind kind, ByteView run) {
        if (kind == RdataFieldKind::name) {
            std::transform(run.begin(), run.end(), std::back_inserter(out), lower);
        } else {
            out.insert(out.end(), run.begin(), run.end());
        }
    });
}

int compare_canonical_rdata(RrType type, ByteView a, ByteView b) noexcept {
    const std::size_t common = std::min(a.size(), b.size());
    const int as_they_are = common == 0 ? 0 : std::memcmp(a.data(), b.data(), common);
    const int by_size = a.size() < b.size() ? -1 : static_cast<int>(a.size() > b.size());
    if (as_they_are == 0) {
        return by_size;  // equal octets are equal in canonical form, too
    }
    if (!rdata_layout(type).lower_names) {
        return as_they_are;
    }
    Bytes canonical_a;
    Bytes canonical_b;
    append_canonical_rdata(type, a, canonical_a);
    append_canonical_rdata(type, b, canonical_b);
    const int canonical = std::memcmp(canonical_a.data(), canonical_b.data(), common);
    return canonical == 0 ? by_size : canonical;
}

}  // namespace twinzone::dns
