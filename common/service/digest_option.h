// The EDNS option by which our two programs compare contents under one serial: asked for in a SOA
// query, answered beside the SOA with the digest of that very version (common/zone/digest.h). A
// code for local use (RFC 6891 §9); other servers pass it over.
//
//   query:   octet 1 (the form that is understood)
//   answer:  octet 1, then 16 octets of digest, high half first
//
// Only between peers that have proved who they are (TSIG or TLS), and only to those that may
// transfer the zone: a digest tells nothing of a content but whether it is the same.
#pragma once

#include <optional>

#include "common/dns/edns.h"
#include "common/zone/digest.h"

namespace twinzone::service {

inline constexpr auto kDigestOption = static_cast<dns::EdnsOption>(65313);

void ask_digest(dns::Edns& edns);
[[nodiscard]] bool asks_digest(const dns::Edns& edns) noexcept;
void set_digest(dns::Edns& edns, const zone::Digest& digest);

// nullopt where there is none, or one of another form.
[[nodiscard]] std::optional<zone::Digest> digest_in(const dns::Edns& edns) noexcept;

}  // namespace twinzone::service
