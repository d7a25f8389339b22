#include "common/dns/tsig_server.h"

#include <array>

#include <fmt/format.h>

namespace twinzone::dns {

namespace {

Errc code_of(Rcode error) noexcept {
    switch (error) {
        case Rcode::bad_sig: return Errc::tsig_bad_signature;
        case Rcode::bad_key: return Errc::tsig_bad_key;
        default: return Errc::tsig_bad_time;
    }
}

// The MAC that the request should have.
Result<TsigMac> mac_of(ByteView request, const FoundTsig& tsig, const TsigKey& key) {
    TsigDigest digest{key};
    digest.add_message(request, tsig);
    digest.add_variables(tsig.record);
    return digest.finish();
}

}  // namespace

Result<TsigServer> TsigServer::check(std::span<std::uint8_t> request, const TsigKeyring& keyring,
                                     UnixTime now) {
    const Result<std::optional<FoundTsig>> found = find_tsig(request);
    if (!found) {
        return fail(found.error());
    }
    TsigServer server;
    server.request_bytes_ = request.size();
    if (!*found) {
        return server;
    }
    const FoundTsig& tsig = **found;
    // Only answers carry an error code: this is one of them, sent back (CVE-2020-8617).
    if (tsig.record.error != Rcode::no_error) {
        return fail(Errc::message_malformed, fmt::format("a request with TSIG error {}",
                                                         tsig_error_text(tsig.record.error)));
    }
    server.key_name_ = tsig.record.key_name;
    server.algorithm_name_ = Name{tsig.record.algorithm};
    server.request_signed_at_ = tsig.record.signed_at;
    server.request_fudge_ = tsig.record.fudge;
    if (Result<void> judged = server.judge(request, tsig, keyring, now); !judged) {
        return fail(std::move(judged).error());
    }
    server.request_bytes_ = remove_tsig(request, tsig);
    return server;
}

// Key, MAC, time, in this order (RFC 8945 §5.2). Truncation is checked with the MAC: we accept what
// §5.2.2.1 allows, so that there is no BADTRUNC to answer.
Result<void> TsigServer::judge(ByteView request, const FoundTsig& tsig, const TsigKeyring& keyring,
                               UnixTime now) {
    TsigKeyPtr key = keyring.find(tsig.record.key_name);
    if (key == nullptr || tsig.record.algorithm != key->algorithm_name()) {
        refuse(Rcode::bad_key,
               fmt::format("{} {}", tsig.record.algorithm.to_text(),
                           key == nullptr ? "with an unknown key" : "is not the key's algorithm"));
        return {};
    }
    if (!mac_size_allowed(tsig.record.mac.size(), key->algorithm())) {
        return fail(
            Errc::message_malformed,
            fmt::format("key {}: a MAC of {} octets", key_name_.to_text(), tsig.record.mac.size()));
    }
    const Result<TsigMac> mac = mac_of(request, tsig, *key);
    if (!mac) {
        return fail(mac.error());
    }
    if (!matches(*mac, tsig.record.mac)) {
        refuse(Rcode::bad_sig, "the MAC does not match");
        return {};
    }
    mac_bytes_ = mac_bytes(key->algorithm());
    restart_digest(*key, tsig.record.mac);
    if (!within_fudge(tsig.record, now)) {
        refuse(Rcode::bad_time, tsig_times_text(tsig.record, now));
        return {};
    }
    verdict_ = Verdict::valid;
    key_ = std::move(key);
    return {};
}

std::size_t TsigServer::reserve_bytes() const noexcept {
    if (verdict_ == Verdict::unsigned_request) {
        return 0;
    }
    return tsig_wire_bytes(key_name_, algorithm_name_, mac_bytes_,
                           error_ == Rcode::bad_time ? kTsigTimeBytes : 0);
}

Result<Bytes> TsigServer::sign(std::span<const ByteView> parts, UnixTime now) {
    if (verdict_ == Verdict::unsigned_request) {
        return Bytes{};
    }
    TWINZONE_ASSERT(!parts.empty() && parts.front().size() >= kHeaderBytes);
    TsigRecord tsig;
    tsig.key_name = key_name_;
    tsig.algorithm = algorithm_name_;
    tsig.signed_at = tsig_time(now);
    tsig.original_id = load_u16(parts.front().data());
    tsig.error = error_;
    Bytes clock;
    if (error_ == Rcode::bad_time) {  // the client's time, so that it can verify this (§5.2.3)
        ByteWriter{clock}.u48(tsig.signed_at);
        tsig.other = clock;
        tsig.signed_at = request_signed_at_;
        tsig.fudge = request_fudge_;
    }
    if (!digest_) {
        return to_wire(tsig);
    }
    for (const ByteView part : parts) {
        digest_->add(part);
    }
    if (first_) {
        digest_->add_variables(tsig);
    } else {
        digest_->add_timers(tsig);
    }
    const Result<TsigMac> mac = digest_->finish();
    if (!mac) {
        return fail(mac.error());
    }
    tsig.mac = mac->view();
    first_ = false;
    digest_.reset();  // a refusal is one message long
    if (key_ != nullptr) {
        restart_digest(*key_, tsig.mac);
    }
    return to_wire(tsig);
}

void TsigServer::refuse(Rcode error, std::string why) {
    verdict_ = Verdict::refused;
    error_ = error;
    reason_.emplace(code_of(error), fmt::format("key {}: {}", key_name_.to_text(), why));
}

void TsigServer::restart_digest(const TsigKey& key, ByteView prior_mac) {
    digest_.emplace(key);
    digest_->add_prior_mac(prior_mac);
}

}  // namespace twinzone::dns
