// Short ways to read a zone text in a test and to say what came of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/bytes.h"
#include "common/dns/record.h"
#include "common/text/zone_file_reader.h"

namespace twinzone::test {

struct ZoneText {
    std::vector<dns::Record> records;
    std::vector<std::string> places;  // where() of each
    std::string error;                // empty: none
    Errc code{};                      // of the error
    bool ended_with_newline = false;
};

[[nodiscard]] text::ZoneFileOptions options_with_origin(std::string_view origin);

// Everything the reader gives up to the end or the first error.
[[nodiscard]] ZoneText read_all(text::ZoneFileReader reader);

// Reads `zone` as "test.zone" with the origin "example.test.".
[[nodiscard]] ZoneText read_text(std::string_view zone);

// The record as the writer prints it, with spaces for tabs and without its line end.
[[nodiscard]] std::string printed(const dns::Record& record);

// The records, each printed, a line each; or "error: " and the error.
[[nodiscard]] std::string summary(const ZoneText& zone);

// Lower-case hex and back; spaces in hex are left out.
[[nodiscard]] std::string to_hex(ByteView bytes);
[[nodiscard]] Bytes from_hex(std::string_view hex);

}  // namespace twinzone::test
