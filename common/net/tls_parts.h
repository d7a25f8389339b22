// OpenSSL's objects with their owners, and the inside of TlsContext. Not for other folders.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "common/base/error.h"
#include "common/net/tls_context.h"

namespace twinzone::net {

struct FreeOpenSsl {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
    void operator()(X509_STORE* store) const noexcept { X509_STORE_free(store); }
    void operator()(X509_STORE_CTX* context) const noexcept { X509_STORE_CTX_free(context); }
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
template <class T>
using OpenSslPtr = std::unique_ptr<T, FreeOpenSsl>;

// Someone a certificate may stand for, ready to be held against one.
struct TlsJudge {
    TlsTrust trust;
    OpenSslPtr<X509_STORE> authorities;
};

struct TlsContext::Parts {
    OpenSslPtr<SSL_CTX> context;
    std::vector<TlsJudge> judges;      // server: of clients; client: one, of the server
    OpenSslPtr<SSL_SESSION> ticket{};  // client: to resume the next connection with
    bool is_server = false;
};

// The reason of the last failure in words, and the queue emptied.
[[nodiscard]] std::string tls_error_text();

// Why the certificate does not satisfy the trust; empty: it does. `purpose_server`: it is a
// server's.
[[nodiscard]] std::string objection(const TlsJudge& judge, X509& certificate,
                                    STACK_OF(X509) * chain, bool is_server_certificate);

}  // namespace twinzone::net
