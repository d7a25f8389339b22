#include "common/net/tls_session.h"

#include <limits>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>

#include "common/base/assert.h"
#include "common/net/tls_failure.h"
#include "common/net/tls_parts.h"

namespace twinzone::net {

struct TlsSession::State {
    OpenSslPtr<SSL> ssl;
    BIO* in = nullptr;      // owned by ssl
    BIO* out = nullptr;     // owned by ssl
    std::string objection;  // to the server's certificate
};

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context)
    : context_(std::move(context)), state_(std::make_unique<State>()) {
    const TlsContext::Parts& parts = context_->parts();
    state_->ssl.reset(SSL_new(parts.context.get()));
    state_->in = BIO_new(BIO_s_mem());
    state_->out = BIO_new(BIO_s_mem());
    TWINZONE_ASSERT(state_->ssl && state_->in != nullptr && state_->out != nullptr);
    SSL_set_bio(state_->ssl.get(), state_->in, state_->out);
    if (parts.is_server) {
        SSL_set_accept_state(state_->ssl.get());
        return;
    }
    SSL_set_connect_state(state_->ssl.get());
    SSL_set_app_data(state_->ssl.get(), &state_->objection);
    const TlsTrust& trust = parts.judges.front().trust;
    if (!trust.host.empty()) {
        SSL_set_tlsext_host_name(state_->ssl.get(), trust.host.c_str());
    }
    if (parts.ticket && SSL_SESSION_is_resumable(parts.ticket.get()) == 1) {
        SSL_set_session(state_->ssl.get(), parts.ticket.get());
    }
}

TlsSession::~TlsSession() = default;

Result<void> TlsSession::receive(ByteView wire) {
    TWINZONE_ASSERT(wire.size() <= std::numeric_limits<int>::max());
    if (!wire.empty() && BIO_write(state_->in, wire.data(), static_cast<int>(wire.size())) < 0) {
        return fail(tls_error(TlsFailure::broken, tls_error_text()));
    }
    return is_open_ ? Result<void>{} : shake_hands();
}

Result<void> TlsSession::shake_hands() {
    ERR_clear_error();
    const int status = SSL_do_handshake(state_->ssl.get());
    if (status == 1) {
        return judge_peer();
    }
    if (SSL_get_error(state_->ssl.get(), status) == SSL_ERROR_WANT_READ) {
        return {};
    }
    if (!state_->objection.empty()) {
        ERR_clear_error();
        return fail(tls_error(TlsFailure::certificate, state_->objection));
    }
    return fail(tls_error(TlsFailure::handshake, tls_error_text()));
}

Result<void> TlsSession::judge_peer() {
    const unsigned char* alpn = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(state_->ssl.get(), &alpn, &size);
    if (size != 3 || std::string_view{reinterpret_cast<const char*>(alpn), size} != "dot") {
        return fail(tls_error(TlsFailure::alpn, "the peer does not offer \"dot\" (ALPN)"));
    }
    const TlsContext::Parts& parts = context_->parts();
    X509* certificate = SSL_get0_peer_certificate(state_->ssl.get());
    STACK_OF(X509)* chain = SSL_get_peer_cert_chain(state_->ssl.get());
    for (const TlsJudge& judge : parts.judges) {
        const std::string why = certificate != nullptr
                                    ? objection(judge, *certificate, chain, !parts.is_server)
                                    : "it has no certificate";
        if (why.empty()) {
            peer_.identities.push_back(judge.trust.name);
        } else if (!parts.is_server) {
            return fail(tls_error(TlsFailure::certificate, why));
        } else if (certificate != nullptr) {
            peer_.objections.push_back(fmt::format("{}: {}", judge.trust.name, why));
        }
    }
    is_open_ = true;
    return {};
}

Result<std::size_t> TlsSession::read(std::span<std::uint8_t> into) {
    ERR_clear_error();
    std::size_t size = 0;
    const int status = SSL_read_ex(state_->ssl.get(), into.data(), into.size(), &size);
    if (status == 1) {
        return size;
    }
    switch (SSL_get_error(state_->ssl.get(), status)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_ZERO_RETURN: return std::size_t{0};
        default: return fail(tls_error(TlsFailure::broken, tls_error_text()));
    }
}

bool TlsSession::is_resumed() const noexcept {
    return SSL_session_reused(state_->ssl.get()) == 1;
}

bool TlsSession::peer_ended() const noexcept {
    return (SSL_get_shutdown(state_->ssl.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

Result<void> TlsSession::write(ByteView plain) {
    TWINZONE_ASSERT(is_open_);
    ERR_clear_error();
    std::size_t written = 0;
    // A memory BIO takes all there is.
    if (!plain.empty() &&
        (SSL_write_ex(state_->ssl.get(), plain.data(), plain.size(), &written) != 1 ||
         written != plain.size())) {
        return fail(tls_error(TlsFailure::broken, tls_error_text()));
    }
    return {};
}

void TlsSession::end() noexcept {
    if (is_open_) {
        ERR_clear_error();
        SSL_shutdown(state_->ssl.get());
    }
}

Bytes TlsSession::take_output() {
    Bytes output(BIO_ctrl_pending(state_->out));
    if (!output.empty()) {
        const int size = BIO_read(state_->out, output.data(), static_cast<int>(output.size()));
        TWINZONE_ASSERT(size == static_cast<int>(output.size()));
    }
    return output;
}

}  // namespace twinzone::net
