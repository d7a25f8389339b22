// EDNS(0), the OPT pseudo-record (RFC 6891 §6.1): payload size, DO, version and options.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/dns/record.h"
#include "common/dns/serial.h"

namespace twinzone::dns {

enum class EdnsOption : std::uint16_t {
    nsid = 3,
    expire = 9,
    cookie = 10,
    tcp_keepalive = 11,
    padding = 12,
    extended_error = 15,
    report_channel = 18,
    zoneversion = 19
};

struct Edns {
    struct Option {
        EdnsOption code{};
        Bytes value;
    };

    std::uint16_t udp_payload_bytes = 1232;
    std::uint8_t extended_rcode = 0;  // the upper eight bits of the 12-bit code
    std::uint8_t version = 0;
    bool dnssec_ok = false;
    std::vector<Option> options;

    // The OPT record's content. Errc::message_malformed where owner is not the root or the options
    // do not fit the rdata.
    [[nodiscard]] static Result<Edns> parse(const RecordView& opt);
    [[nodiscard]] Record record() const;

    [[nodiscard]] const Option* find(EdnsOption code) const noexcept;

    // The answer to ZONEVERSION (RFC 9660 §2.2): the serial of this zone.
    void set_zone_version(const Name& zone, Serial serial);

    // EXPIRE (RFC 7314): an empty option asks; four octets answer with the seconds left.
    // has_expire() is true for both.
    [[nodiscard]] bool has_expire() const noexcept;
    [[nodiscard]] std::optional<seconds> expire() const noexcept;
    void ask_expire();
    void set_expire(seconds left);

    // edns-tcp-keepalive (RFC 7828): an empty option asks; two octets answer with how long an idle
    // connection is kept, in units of 100 ms. has_keepalive() is true for both. Streams only.
    [[nodiscard]] bool has_keepalive() const noexcept;
    [[nodiscard]] std::optional<milliseconds> keepalive() const noexcept;
    void ask_keepalive();
    void set_keepalive(Duration idle);
};

}  // namespace twinzone::dns
