#include "common/dns/tsig_client.h"

#include <fmt/format.h>

namespace twinzone::dns {

namespace {

Errc code_of(Rcode error) noexcept {
    switch (error) {
        case Rcode::bad_sig: return Errc::tsig_bad_signature;
        case Rcode::bad_key: return Errc::tsig_bad_key;
        case Rcode::bad_time: return Errc::tsig_bad_time;
        case Rcode::bad_trunc: return Errc::tsig_bad_truncation;
        default: return Errc::rcode;
    }
}

std::string words_of(Rcode error) {
    switch (error) {
        case Rcode::bad_sig: return "BADSIG, our secret is not the server's";
        case Rcode::bad_key: return "BADKEY, the server does not have this key and algorithm";
        case Rcode::bad_trunc: return "BADTRUNC, the server wants a longer MAC";
        default: return tsig_error_text(error);
    }
}

// "BADTIME, server's clock 1700000400, our clock 1700000000 (400 s behind)", RFC 8945 §5.2.3.
std::string clocks_text(ByteView other, UnixTime now) {
    if (other.size() != kTsigTimeBytes) {
        return fmt::format("BADTIME without the server's clock, our clock {}", now.value());
    }
    const std::int64_t theirs = static_cast<std::int64_t>(load_u16(other.data())) << 32 |
                                static_cast<std::int64_t>(load_u32(other.data() + 2));
    const std::int64_t ahead = now.value() - theirs;
    return fmt::format("BADTIME, server's clock {}, our clock {} ({} s {})", theirs, now.value(),
                       ahead < 0 ? -ahead : ahead, ahead < 0 ? "behind" : "ahead");
}

// What an error code in the TSIG of an answer means.
Failure reported(const TsigRecord& tsig, const TsigKey& key, UnixTime now) {
    const std::string words =
        tsig.error == Rcode::bad_time ? clocks_text(tsig.other, now) : words_of(tsig.error);
    return fail(code_of(tsig.error),
                fmt::format("key {}: the server answers {}{}", key.name().to_text(), words,
                            tsig.mac.empty() ? " (unsigned)" : ""));
}

Result<void> check_names(const TsigRecord& tsig, const TsigKey& key) {
    if (tsig.key_name == key.name() && tsig.algorithm == key.algorithm_name()) {
        return {};
    }
    return fail(Errc::tsig_bad_key, fmt::format("key {} {}: the answer is signed with {} {}",
                                                key.name().to_text(), to_text(key.algorithm()),
                                                tsig.key_name.to_text(), tsig.algorithm.to_text()));
}

}  // namespace

TsigClient::TsigClient(TsigKeyPtr key) : key_(std::move(key)) {
    TWINZONE_ASSERT(key_ != nullptr);
}

Result<void> TsigClient::sign_request(Bytes& request, UnixTime now) {
    TWINZONE_ASSERT(!digest_ && request.size() >= kHeaderBytes);
    TsigRecord tsig;
    tsig.key_name = key_->name();
    tsig.algorithm = key_->algorithm_name();
    tsig.signed_at = tsig_time(now);
    tsig.original_id = load_u16(request.data());
    TsigDigest digest{*key_};
    digest.add(request);
    digest.add_variables(tsig);
    const Result<TsigMac> mac = digest.finish();
    if (!mac) {
        return fail(mac.error());
    }
    tsig.mac = mac->view();
    const Bytes record = to_wire(tsig);
    const std::uint16_t arcount = load_u16(request.data() + 10);
    if (request.size() + record.size() > kMaxMessageBytes || arcount == 0xffff) {
        return fail(Errc::limit, "no room for TSIG in the request");
    }
    request.insert(request.end(), record.begin(), record.end());
    store_u16(request.data() + 10, static_cast<std::uint16_t>(arcount + 1));
    restart_digest(tsig.mac);
    return {};
}

std::size_t TsigClient::reserve_bytes() const {
    return tsig_wire_bytes(key_->name(), key_->algorithm_name(), mac_bytes(key_->algorithm()), 0);
}

Result<std::size_t> TsigClient::verify(std::span<std::uint8_t> message, UnixTime now) {
    TWINZONE_ASSERT(digest_);
    const Result<std::optional<FoundTsig>> found = find_tsig(message);
    if (!found) {
        return fail(found.error());
    }
    if (!*found) {
        return pass_unsigned(message);
    }
    const FoundTsig& tsig = **found;
    // BADKEY and BADSIG come unsigned (§5.3.2): there is nothing to verify, and no answer to use.
    if (tsig.record.error != Rcode::no_error && tsig.record.mac.empty()) {
        return reported(tsig.record, *key_, now);
    }
    if (Result<void> named = check_names(tsig.record, *key_); !named) {
        return fail(std::move(named).error());
    }
    if (Result<void> signed_well = check_mac(message, tsig); !signed_well) {
        return fail(std::move(signed_well).error());
    }
    if (tsig.record.error != Rcode::no_error) {
        return reported(tsig.record, *key_, now);
    }
    if (!within_fudge(tsig.record, now)) {
        return fail(Errc::tsig_bad_time,
                    fmt::format("key {}: the answer was {}", key_->name().to_text(),
                                tsig_times_text(tsig.record, now)));
    }
    restart_digest(tsig.record.mac);
    unsigned_messages_ = 0;
    first_ = false;
    last_was_signed_ = true;
    return remove_tsig(message, tsig);
}

Result<std::size_t> TsigClient::pass_unsigned(ByteView message) {
    if (first_) {
        return fail(Errc::tsig_missing,
                    fmt::format("key {}: the answer, {}, has no TSIG", key_->name().to_text(),
                                to_text(read_header(message.data()).rcode)));
    }
    if (++unsigned_messages_ > kMaxUnsignedMessages) {
        return fail(Errc::tsig_missing, fmt::format("key {}: {} messages in a row without TSIG",
                                                    key_->name().to_text(), unsigned_messages_));
    }
    digest_->add(message);
    last_was_signed_ = false;
    return message.size();
}

Result<void> TsigClient::check_mac(ByteView message, const FoundTsig& tsig) {
    const std::size_t size = tsig.record.mac.size();
    if (!mac_size_allowed(size, key_->algorithm())) {
        return fail(
            Errc::tsig_bad_truncation,
            fmt::format("key {}: the answer has a MAC of {} octets", key_->name().to_text(), size));
    }
    digest_->add_message(message, tsig);
    if (first_) {
        digest_->add_variables(tsig.record);
    } else {
        digest_->add_timers(tsig.record);
    }
    const Result<TsigMac> mac = digest_->finish();
    if (!mac) {
        return fail(mac.error());
    }
    if (!matches(*mac, tsig.record.mac)) {
        return fail(
            Errc::tsig_bad_signature,
            fmt::format("key {}: the MAC of the answer does not match", key_->name().to_text()));
    }
    return {};
}

void TsigClient::restart_digest(ByteView prior_mac) {
    digest_.emplace(*key_);
    digest_->add_prior_mac(prior_mac);
}

}  // namespace twinzone::dns
