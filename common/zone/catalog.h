// What a catalog zone says (RFC 9432): its member zones with their properties, read from the
// catalog's records. Version "2", and "1" as BIND wrote it before the RFC; both list members alike.
//
//   version        TXT "2"
//   ID.zones       PTR member                    exactly one; no member twice
//   group.ID.zones TXT "NAME"                    any number
//   coo.ID.zones   PTR the catalog it goes to    at most one (§4.3.1)
//   primaries.ext, primaries.ext.ID.zones        A, AAAA; or below a label, with the name of a key
//                  in a TXT. Also "masters", and without "ext"
//
// Everything else is passed over (§4.2). A catalog that breaks a rule is broken as a whole (§5.1):
// nothing of it is to be used.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ip_address.h"
#include "common/base/result.h"
#include "common/dns/name.h"
#include "common/zone/record_stream.h"

namespace twinzone::zone {

// From where members are to be transferred.
struct CatalogPrimary {
    IpAddress address;
    std::string key;  // its name; empty: unsigned

    friend bool operator==(const CatalogPrimary&, const CatalogPrimary&) = default;
};

struct CatalogMember {
    dns::Name zone;
    std::string id;  // the label below "zones", in lower case; any octets
    std::vector<std::string> groups;
    std::shared_ptr<const dns::Name> coo{};   // the catalog it goes to; null: it stays
    std::vector<CatalogPrimary> primaries{};  // its own
};

// Same properties; the zone aside.
[[nodiscard]] bool same_properties(const CatalogMember& a, const CatalogMember& b);

struct CatalogContent {
    std::string broken;                     // why it is; empty: it is whole. Else nothing follows
    std::vector<CatalogMember> members;     // each zone once
    std::vector<CatalogPrimary> primaries;  // of members that have none of their own
};

// One that lists more is broken.
inline constexpr std::size_t kMaxCatalogMembers = 10'000'000;

// Reads all records of the zone at `apex` (in any order but that RRsets come together; the SOA may
// be among them). Errors are the stream's.
[[nodiscard]] Result<CatalogContent> read_catalog(dns::NameView apex, RecordStream& records);

}  // namespace twinzone::zone
