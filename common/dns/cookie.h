// DNS cookies (RFC 7873): octets that only who really has an address can send back. The server's
// are those of RFC 9018, so that servers of one address may share them:
//
//   client cookie (8)  version 1 (1)  reserved (3)  time (4)  SipHash-2-4 (8)
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "common/base/bytes.h"
#include "common/base/ip_address.h"
#include "common/base/time.h"
#include "common/dns/edns.h"

namespace twinzone::dns {

inline constexpr std::size_t kClientCookieBytes = 8;
inline constexpr std::size_t kServerCookieBytes = 16;     // of RFC 9018
inline constexpr std::size_t kMinServerCookieBytes = 8;   // of any server (RFC 7873 §4.2)
inline constexpr std::size_t kMaxServerCookieBytes = 32;  // likewise

using CookieSecret = std::array<std::uint64_t, 2>;

// The answering side. A client is served with a cookie, without, and with a wrong one alike (RFC
// 7873 §5.2.3): what we give to strangers over UDP is hardly larger than what they ask.
class CookieServer {
  public:
    explicit CookieServer(const CookieSecret& secret) noexcept : secret_(secret) {}

    // The option's value for the answer: the client's cookie, and a server's that holds: the one it
    // sent while that is young, else a fresh one. nullopt where `asked` has a length that no cookie
    // has: answer FORMERR.
    [[nodiscard]] std::optional<Bytes> answer(ByteView asked, const IpAddress& client,
                                              UnixTime now) const;

  private:
    // True where `asked` has a server's cookie that we gave to this client, not long ago.
    [[nodiscard]] bool is_ours(ByteView asked, const IpAddress& client, UnixTime now) const;
    [[nodiscard]] std::uint64_t hash(ByteView head, const IpAddress& client) const;

    CookieSecret secret_;
};

// What a client knows of one server: the cookie it sends there, and the server's, once it gave one.
class ClientCookie {
  public:
    explicit ClientCookie(std::uint64_t own) noexcept;

    // For a question over UDP.
    [[nodiscard]] Edns::Option option() const;

    // Looks at an answer to such a question and keeps the server's cookie. False where the answer
    // is not the server's: it has another client's cookie, or none though the server gives them
    // (RFC 7873 §5.3). Such an answer is passed over; what asks again over TCP finds out.
    [[nodiscard]] bool accepts(const std::optional<Edns>& answer);

  private:
    std::array<std::uint8_t, kClientCookieBytes> own_{};
    Bytes server_;
};
using ClientCookiePtr = std::shared_ptr<ClientCookie>;

// The cookies of a client's servers. Bounded by the servers that are configured.
class CookieJar {
  public:
    // What we send tells nothing of the seed (RFC 9018 §3).
    explicit CookieJar(std::uint64_t seed) noexcept;

    [[nodiscard]] const ClientCookiePtr& at(const Endpoint& server);

    // The same cookie of ours, by somebody who will not remember the server's.
    [[nodiscard]] ClientCookiePtr fresh(const Endpoint& server) const;

  private:
    CookieSecret secret_;
    std::map<Endpoint, ClientCookiePtr> cookies_;
};

}  // namespace twinzone::dns
