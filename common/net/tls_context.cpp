#include "common/net/tls_context.h"

#include <algorithm>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "common/base/assert.h"
#include "common/net/tls_parts.h"

namespace twinzone::net {

namespace {

// ALPN as it stands in the handshake: its length and "dot".
constexpr unsigned char kAlpn[] = {3, 'd', 'o', 't'};

int choose_alpn(SSL*, const unsigned char** out, unsigned char* out_size,
                const unsigned char* offered, unsigned int offered_size, void*) noexcept {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): as OpenSSL's manual has it
    auto** chosen = const_cast<unsigned char**>(out);
    const int found =
        SSL_select_next_proto(chosen, out_size, kAlpn, sizeof kAlpn, offered, offered_size);
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Certificates of clients are judged after the handshake, against everyone they may stand for.
int accept_for_now(int, X509_STORE_CTX*) noexcept {
    return 1;
}

// The asking side judges within the handshake: a server that does not satisfy gets an alert, and
// never our certificate.
int judge_server(X509_STORE_CTX* check, void* argument) noexcept {
    const auto* parts = static_cast<const TlsContext::Parts*>(argument);
    std::string why = objection(parts->judges.front(), *X509_STORE_CTX_get0_cert(check),
                                X509_STORE_CTX_get0_untrusted(check), true);
    if (why.empty()) {
        return 1;
    }
    auto* ssl =
        static_cast<SSL*>(X509_STORE_CTX_get_ex_data(check, SSL_get_ex_data_X509_STORE_CTX_idx()));
    *static_cast<std::string*>(SSL_get_app_data(ssl)) = std::move(why);
    X509_STORE_CTX_set_error(check, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

int keep_ticket(SSL* ssl, SSL_SESSION* session) noexcept {
    auto* parts = static_cast<TlsContext::Parts*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    parts->ticket.reset(session);
    return 1;  // ours now
}

Failure bad_file(const std::string& file) {
    return fail(Errc::config_invalid, fmt::format("{}: {}", file, tls_error_text()));
}

Result<OpenSslPtr<SSL_CTX>> make_context(const SSL_METHOD* method,
                                         const TlsCredentials& credentials) {
    OpenSslPtr<SSL_CTX> context{SSL_CTX_new(method)};
    TWINZONE_ASSERT(context != nullptr);
    SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
    if (credentials.certificate_file.empty()) {
        return context;
    }
    if (SSL_CTX_use_certificate_chain_file(context.get(), credentials.certificate_file.c_str()) !=
        1) {
        return bad_file(credentials.certificate_file);
    }
    if (SSL_CTX_use_PrivateKey_file(context.get(), credentials.key_file.c_str(),
                                    SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context.get()) != 1) {
        return bad_file(credentials.key_file);
    }
    return context;
}

Result<TlsJudge> make_judge(const TlsTrust& trust) {
    TlsJudge judge{.trust = trust, .authorities = OpenSslPtr<X509_STORE>{X509_STORE_new()}};
    TWINZONE_ASSERT(judge.authorities != nullptr);
    if (trust.ca_file.empty()) {
        X509_STORE_set_default_paths(judge.authorities.get());
    } else if (X509_STORE_load_file(judge.authorities.get(), trust.ca_file.c_str()) != 1) {
        return bad_file(trust.ca_file);
    }
    return judge;
}

bool has_pin(const std::vector<TlsPin>& pins, X509& certificate) {
    unsigned char* encoded = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(&certificate), &encoded);
    if (size <= 0) {
        return false;
    }
    TlsPin pin{};
    SHA256(encoded, static_cast<std::size_t>(size), pin.data());
    OPENSSL_free(encoded);
    return std::find(pins.begin(), pins.end(), pin) != pins.end();
}

}  // namespace

std::string tls_error_text() {
    const unsigned long code = ERR_peek_last_error();
    const char* reason = ERR_reason_error_string(code);
    std::string text = reason != nullptr ? reason : "the TLS library refused";
    ERR_clear_error();
    return text;
}

std::string objection(const TlsJudge& judge, X509& certificate, STACK_OF(X509) * chain,
                      bool is_server_certificate) {
    const TlsTrust& trust = judge.trust;
    if (!trust.pins.empty() && !has_pin(trust.pins, certificate)) {
        return "its public key is not a pinned one";
    }
    if (trust.host.empty()) {
        return trust.pins.empty() ? "nothing is known to hold it against" : "";
    }
    const OpenSslPtr<X509_STORE_CTX> check{X509_STORE_CTX_new()};
    TWINZONE_ASSERT(check && X509_STORE_CTX_init(check.get(), judge.authorities.get(), &certificate,
                                                 chain) == 1);
    X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(check.get());
    X509_VERIFY_PARAM_set1_host(rules, trust.host.c_str(), trust.host.size());
    X509_STORE_CTX_set_purpose(
        check.get(), is_server_certificate ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT);
    if (X509_verify_cert(check.get()) == 1) {
        return "";
    }
    const std::string why = X509_verify_cert_error_string(X509_STORE_CTX_get_error(check.get()));
    ERR_clear_error();
    return fmt::format("{} (expected name {})", why, trust.host);
}

Result<std::shared_ptr<const TlsContext>> TlsContext::server(const TlsCredentials& credentials,
                                                             const std::vector<TlsTrust>& clients) {
    ERR_clear_error();
    Result<OpenSslPtr<SSL_CTX>> context = make_context(TLS_server_method(), credentials);
    if (!context) {
        return fail(std::move(context).error());
    }
    auto parts = std::make_unique<Parts>();
    parts->context = std::move(*context);
    parts->is_server = true;
    for (const TlsTrust& trust : clients) {
        if (!trust.proves_something()) {
            continue;
        }
        Result<TlsJudge> judge = make_judge(trust);
        if (!judge) {
            return fail(std::move(judge).error());
        }
        parts->judges.push_back(std::move(*judge));
    }
    SSL_CTX* raw = parts->context.get();
    SSL_CTX_set_alpn_select_cb(raw, choose_alpn, nullptr);
    constexpr unsigned char kSessionContext[] = "twinzone";
    SSL_CTX_set_session_id_context(raw, kSessionContext, sizeof kSessionContext - 1);
    SSL_CTX_set_max_early_data(raw, 0);
    if (!parts->judges.empty()) {
        SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, accept_for_now);
    }
    return std::make_shared<const TlsContext>(std::move(parts));
}

Result<std::shared_ptr<const TlsContext>> TlsContext::client(const TlsCredentials& credentials,
                                                             const TlsTrust& trust) {
    TWINZONE_ASSERT(trust.proves_something());
    ERR_clear_error();
    Result<OpenSslPtr<SSL_CTX>> context = make_context(TLS_client_method(), credentials);
    if (!context) {
        return fail(std::move(context).error());
    }
    Result<TlsJudge> judge = make_judge(trust);
    if (!judge) {
        return fail(std::move(judge).error());
    }
    auto parts = std::make_unique<Parts>();
    parts->context = std::move(*context);
    parts->judges.push_back(std::move(*judge));
    SSL_CTX* raw = parts->context.get();
    SSL_CTX_set_alpn_protos(raw, kAlpn, sizeof kAlpn);
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(raw, judge_server, parts.get());
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_app_data(raw, parts.get());
    SSL_CTX_sess_set_new_cb(raw, keep_ticket);
    return std::make_shared<const TlsContext>(std::move(parts));
}

TlsContext::TlsContext(std::unique_ptr<Parts> parts) noexcept : parts_(std::move(parts)) {}
TlsContext::~TlsContext() = default;

}  // namespace twinzone::net
