#include "common/net/tls_failure.h"

#include <array>

#include <fmt/format.h>

namespace twinzone::net {

namespace {

struct Words {
    TlsFailure failure;
    std::string_view name;
    std::string_view beginning;
};

constexpr std::array kWords = std::to_array<Words>({
    {TlsFailure::certificate, "certificate", "TLS: the server's certificate is not accepted: "},
    {TlsFailure::alpn, "alpn", "TLS: protocol: "},
    {TlsFailure::handshake, "handshake", "TLS: handshake: "},
    {TlsFailure::broken, "broken", "TLS: broken: "},
});

const Words& words_of(TlsFailure failure) noexcept {
    return kWords[static_cast<std::size_t>(failure)];
}

}  // namespace

std::string_view to_string(TlsFailure failure) noexcept {
    return words_of(failure).name;
}

Error tls_error(TlsFailure failure, std::string_view why) {
    return {Errc::peer_unreachable, fmt::format("{}{}", words_of(failure).beginning, why)};
}

std::optional<TlsFailure> tls_failure_of(const Error& error) noexcept {
    for (const Words& words : kWords) {
        if (error.code() == Errc::peer_unreachable &&
            error.detail().find(words.beginning) != std::string::npos) {
            return words.failure;
        }
    }
    return std::nullopt;
}

}  // namespace twinzone::net
