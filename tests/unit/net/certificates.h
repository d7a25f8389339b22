// Certificates for tests, made on the spot: an authority and what it signs.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "common/net/tls_context.h"
#include "tests/support/temporary_folder.h"

namespace twinzone::net::test {

// Files live as long as the authority.
class Authority {
  public:
    explicit Authority(const std::string& name);
    ~Authority();
    Authority(const Authority&) = delete;
    Authority& operator=(const Authority&) = delete;

    [[nodiscard]] std::string ca_file() const;

    // A certificate for this name, good from a day ago until then.
    [[nodiscard]] TlsCredentials issue(const std::string& host,
                                       std::chrono::seconds lives = std::chrono::hours{24}) const;

    // The pin of what issue() gave.
    [[nodiscard]] static TlsPin pin_of(const TlsCredentials& credentials);

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
    twinzone::test::TemporaryFolder folder_;
};

}  // namespace twinzone::net::test
