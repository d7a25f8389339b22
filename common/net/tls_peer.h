// Who stands at the other end of a TLS connection, as far as its certificate proves.
#pragma once

#include <string>
#include <vector>

namespace twinzone::net {

struct TlsPeer {
    // Names of the configured trusts (TlsTrust::name) that the peer's certificate satisfies.
    std::vector<std::string> identities;
    // Why it does not satisfy the others, "name: reason" each; empty where it showed none.
    std::vector<std::string> objections{};
};

}  // namespace twinzone::net
