// Reads the rdata of one record from its tokens: field by field for the types of rdata_field.h, as
// "\# length hex" for any type (RFC 3597 §5), by ldns for the few that are left.
#pragma once

#include "common/base/bytes.h"
#include "common/dns/name.h"
#include "common/dns/rr_type.h"
#include "common/text/encoding.h"
#include "common/text/rdata_buffer.h"
#include "common/text/rdata_field.h"
#include "common/text/scanner.h"
#include "common/text/type_bitmap.h"

namespace twinzone::text {

// Keeps its memory from record to record. Not thread-safe.
class RdataReader {
  public:
    // Reads up to the end of the entry (not over it). The octets are valid until the next call;
    // where the scanner failed they mean nothing. `origin` is borrowed for the call.
    [[nodiscard]] ByteView read(Scanner& scanner, dns::RrType type, dns::NameView origin);

  private:
    struct Input {
        Scanner& scanner;
        dns::NameView origin;
    };

    void read_fields(Input& input, std::span<const Field> fields);
    void read_field(Input& input, Field field);
    void read_rare_field(Input& input, Field field);
    void read_unknown(Scanner& scanner, dns::RrType type);

    [[nodiscard]] std::uint32_t number(Scanner& scanner, std::uint32_t max);
    void read_address(Scanner& scanner, bool v6);
    void read_type(Scanner& scanner);
    void read_name(Input& input);
    void read_string(Scanner& scanner, const Token& token);
    void read_strings(Scanner& scanner);
    void read_long_text(Scanner& scanner);
    void read_tag(Scanner& scanner);
    void read_salt(Scanner& scanner);
    void read_next_hash(Scanner& scanner);
    void read_bitmap(Scanner& scanner);
    void read_hex(Scanner& scanner);
    void read_base64(Scanner& scanner, bool optional);
    template <class Decoder>
    std::size_t decode(Scanner& scanner, Decoder& decoder, const char* what);
    void read_mnemonic(Scanner& scanner, Field field);
    void read_hex_groups(Scanner& scanner, std::size_t groups, std::size_t octets, char mark);
    void read_gateway(Input& input, unsigned kind);
    void read_ipseckey(Input& input);
    void read_amt_relay(Input& input);

    RdataBuffer out_;
    TypeBitmap bitmap_;
};

}  // namespace twinzone::text
