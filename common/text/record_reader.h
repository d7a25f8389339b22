// Reads one record of a zone file (RFC 1035 §5.1) and remembers what the next one may leave out:
// the owner and the TTL.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "common/dns/name.h"
#include "common/dns/record.h"
#include "common/dns/ttl.h"
#include "common/text/head_memory.h"
#include "common/text/name_text.h"
#include "common/text/rdata_reader.h"
#include "common/text/scanner.h"

namespace twinzone::text {

// RFC 2181 §8
inline constexpr std::uint32_t kMaxTtl = 0x7fffffff;

// Not thread-safe.
class RecordReader {
  public:
    // `is_later_part`: records stand before these that are not read; nothing can be taken from
    // them.
    RecordReader(const dns::Name& origin, std::optional<dns::Ttl> default_ttl, bool is_later_part)
        : origin_(origin), default_ttl_(default_ttl), is_later_part_(is_later_part) {}

    // Reads a record whose owner is `token`, or, with `blank_owner`, whose first field after the
    // left out owner is. The record is valid until the next call; where the scanner failed it means
    // nothing. The end of the entry is not passed.
    [[nodiscard]] dns::RecordView read(Scanner& scanner, const Token& token, bool blank_owner);

    [[nodiscard]] const dns::Name& origin() const noexcept { return origin_; }
    void set_origin(const dns::Name& origin) noexcept { origin_ = origin; }
    [[nodiscard]] std::optional<dns::Ttl> default_ttl() const noexcept { return default_ttl_; }
    void set_default_ttl(dns::Ttl ttl) noexcept { default_ttl_ = ttl; }

    // The owner given last; nullopt before the first.
    [[nodiscard]] std::optional<dns::Name> owner() const;
    void set_owner(const std::optional<dns::Name>& owner) noexcept;

  private:
    // What stands between owner and rdata.
    struct Head {
        std::optional<dns::Ttl> ttl;
        dns::RrType type{};
        const char* type_at = nullptr;
    };

    void read_owner(Scanner& scanner, const Token& token);
    [[nodiscard]] Head read_head(Scanner& scanner, const Token& token, bool blank_owner);
    [[nodiscard]] Head read_new_head(Scanner& scanner, Token token);
    [[nodiscard]] dns::Ttl complete_ttl(Scanner& scanner, const Head& head, ByteView rdata);

    dns::Name origin_;
    std::array<std::uint8_t, kNameBufferBytes> owner_{};
    std::size_t owner_size_ = 0;  // 0: none yet
    std::optional<dns::Ttl> default_ttl_;
    std::optional<dns::Ttl> last_ttl_;  // stated in a record (RFC 1035 §5.1)
    bool is_later_part_;
    HeadMemory heads_;
    RdataReader rdata_;
};

}  // namespace twinzone::text
