#include "tests/unit/net/certificates.h"

#include <cstdio>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "tests/support/catch.h"

namespace twinzone::net::test {

namespace {

struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Free>;
using CertificatePtr = std::unique_ptr<X509, Free>;

CertificatePtr draft(EVP_PKEY& key, const std::string& name, std::chrono::seconds lives) {
    CertificatePtr certificate{X509_new()};
    X509_set_version(certificate.get(), 2);
    static long serial = 1;
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -86400);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), lives.count());
    X509_NAME* subject = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_pubkey(certificate.get(), &key);
    return certificate;
}

void extend(X509& certificate, int kind, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    REQUIRE(extension != nullptr);
    X509_add_ext(&certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

std::unique_ptr<std::FILE, Free> open(const std::string& path) {
    return std::unique_ptr<std::FILE, Free>{std::fopen(path.c_str(), "w")};
}

}  // namespace

struct Authority::Parts {
    KeyPtr key;
    CertificatePtr certificate;
};

Authority::Authority(const std::string& name) : parts_(std::make_unique<Parts>()) {
    parts_->key.reset(EVP_EC_gen("P-256"));
    parts_->certificate = draft(*parts_->key, name, std::chrono::hours{24 * 365});
    X509& certificate = *parts_->certificate;
    X509_set_issuer_name(&certificate, X509_get_subject_name(&certificate));
    extend(certificate, NID_basic_constraints, "critical,CA:TRUE");
    REQUIRE(X509_sign(&certificate, parts_->key.get(), EVP_sha256()) > 0);
    PEM_write_X509(open(ca_file()).get(), &certificate);
}

Authority::~Authority() = default;

std::string Authority::ca_file() const {
    return folder_.in("ca.pem");
}

TlsCredentials Authority::issue(const std::string& host, std::chrono::seconds lives) const {
    const KeyPtr key{EVP_EC_gen("P-256")};
    const CertificatePtr certificate = draft(*key, host, lives);
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(parts_->certificate.get()));
    extend(*certificate, NID_subject_alt_name, "DNS:" + host);
    REQUIRE(X509_sign(certificate.get(), parts_->key.get(), EVP_sha256()) > 0);
    TlsCredentials credentials{.certificate_file = folder_.in(host + ".pem"),
                               .key_file = folder_.in(host + ".key")};
    PEM_write_X509(open(credentials.certificate_file).get(), certificate.get());
    PEM_write_PrivateKey(open(credentials.key_file).get(), key.get(), nullptr, nullptr, 0, nullptr,
                         nullptr);
    return credentials;
}

TlsPin Authority::pin_of(const TlsCredentials& credentials) {
    const std::unique_ptr<std::FILE, Free> file{
        std::fopen(credentials.certificate_file.c_str(), "r")};
    const CertificatePtr certificate{PEM_read_X509(file.get(), nullptr, nullptr, nullptr)};
    unsigned char* encoded = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &encoded);
    TlsPin pin{};
    SHA256(encoded, static_cast<std::size_t>(size), pin.data());
    OPENSSL_free(encoded);
    return pin;
}

}  // namespace twinzone::net::test
