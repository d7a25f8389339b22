#include "common/dns/cookie.h"

#include <algorithm>

#include "common/dns/siphash.h"

namespace twinzone::dns {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeadBytes = 16;  // client cookie, version, reserved, time

// RFC 9018 §4.3: cookies hold for an hour, also where the other server's clock is five minutes
// ahead; one that is older than half an hour is renewed.
constexpr std::int32_t kMaxAge = 3600;
constexpr std::int32_t kMaxAhead = 300;
constexpr std::int32_t kRenewAge = 1800;

bool has_length_of_a_cookie(ByteView value) noexcept {
    return value.size() == kClientCookieBytes ||
           (value.size() >= kClientCookieBytes + kMinServerCookieBytes &&
            value.size() <= kClientCookieBytes + kMaxServerCookieBytes);
}

// Seconds since the cookie was made, in serial arithmetic (RFC 9018 §4.3).
std::int32_t age_of(ByteView cookie, UnixTime now) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(now.value()) -
                                     load_u32(cookie.data() + 12));
}

void put_little(std::uint64_t value, ByteWriter& writer) {
    for (unsigned shift = 0; shift < 64; shift += 8) {
        writer.u8(static_cast<std::uint8_t>(value >> shift));
    }
}

}  // namespace

std::uint64_t CookieServer::hash(ByteView head, const IpAddress& client) const {
    Bytes message{head.begin(), head.end()};
    const auto& octets = client.octets();
    message.insert(message.end(), octets.begin(), octets.begin() + (client.is_v4() ? 4 : 16));
    return siphash24(secret_, message);
}

bool CookieServer::is_ours(ByteView asked, const IpAddress& client, UnixTime now) const {
    if (asked.size() != kClientCookieBytes + kServerCookieBytes || asked[8] != kVersion) {
        return false;
    }
    const std::int32_t age = age_of(asked, now);
    Bytes wanted;
    ByteWriter writer{wanted};
    put_little(hash(asked.first(kHeadBytes), client), writer);
    return age <= kMaxAge && age >= -kMaxAhead &&
           std::equal(wanted.begin(), wanted.end(), asked.begin() + kHeadBytes, asked.end());
}

std::optional<Bytes> CookieServer::answer(ByteView asked, const IpAddress& client,
                                          UnixTime now) const {
    if (!has_length_of_a_cookie(asked)) {
        return std::nullopt;
    }
    if (is_ours(asked, client, now) && age_of(asked, now) <= kRenewAge) {
        return Bytes{asked.begin(), asked.end()};
    }
    Bytes value{asked.begin(), asked.begin() + kClientCookieBytes};
    ByteWriter writer{value};
    writer.u32(std::uint32_t{kVersion} << 24U);
    writer.u32(static_cast<std::uint32_t>(now.value()));
    put_little(hash(value, client), writer);
    return value;
}

ClientCookie::ClientCookie(std::uint64_t own) noexcept {
    store_u64(own_.data(), own);
}

Edns::Option ClientCookie::option() const {
    Edns::Option option{EdnsOption::cookie, {own_.begin(), own_.end()}};
    option.value.insert(option.value.end(), server_.begin(), server_.end());
    return option;
}

bool ClientCookie::accepts(const std::optional<Edns>& answer) {
    const Edns::Option* option = answer ? answer->find(EdnsOption::cookie) : nullptr;
    if (option == nullptr) {
        return server_.empty();
    }
    if (option->value.size() < kClientCookieBytes ||
        !std::equal(own_.begin(), own_.end(), option->value.begin())) {
        return false;
    }
    if (has_length_of_a_cookie(option->value) && option->value.size() > kClientCookieBytes) {
        server_.assign(option->value.begin() + kClientCookieBytes, option->value.end());
    }
    return true;
}

CookieJar::CookieJar(std::uint64_t seed) noexcept : secret_{seed, ~seed} {}

ClientCookiePtr CookieJar::fresh(const Endpoint& server) const {
    Bytes place{server.address.octets().begin(), server.address.octets().end()};
    ByteWriter{place}.u16(server.port);
    return std::make_shared<ClientCookie>(siphash24(secret_, place));
}

const ClientCookiePtr& CookieJar::at(const Endpoint& server) {
    ClientCookiePtr& cookie = cookies_[server];
    if (!cookie) {
        cookie = fresh(server);
    }
    return cookie;
}

}  // namespace twinzone::dns
