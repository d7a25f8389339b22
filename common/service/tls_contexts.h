// The TLS contexts that a configuration asks for: one for our own listening, one for each entry of
// `tls` that somebody is asked with.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/config/config.h"
#include "common/net/tls_context.h"

namespace twinzone::service {

// Immutable; shared by who listens and who asks.
class TlsContexts {
  public:
    // Reads certificates and keys. Errc::config_invalid with the file and the reason. Blocking.
    [[nodiscard]] static Result<std::shared_ptr<const TlsContexts>> load(
        const config::Config& config);

    // Null where we do not listen for TLS.
    [[nodiscard]] const std::shared_ptr<const net::TlsContext>& server() const noexcept {
        return server_;
    }

    // Null for an entry that proves no server: nobody may be asked with it.
    [[nodiscard]] std::shared_ptr<const net::TlsContext> client(const std::string& tls) const;

  private:
    std::shared_ptr<const net::TlsContext> server_;
    std::map<std::string, std::shared_ptr<const net::TlsContext>> clients_;
};

}  // namespace twinzone::service
