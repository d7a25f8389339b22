#include "tests/unit/text/zone_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/text/zone_file_writer.h"

namespace twinzone::test {

text::ZoneFileOptions options_with_origin(std::string_view origin) {
    text::ZoneFileOptions options;
    options.origin = *dns::Name::from_text(origin);
    return options;
}

ZoneText read_all(text::ZoneFileReader reader) {
    ZoneText zone;
    for (;;) {
        Result<std::optional<dns::RecordView>> record = reader.next();
        if (!record) {
            zone.error = record.error().detail();
            zone.code = record.error().code();
            return zone;
        }
        if (!record->has_value()) {
            zone.ended_with_newline = reader.ended_with_newline();
            return zone;
        }
        zone.records.emplace_back(**record);
        zone.places.push_back(reader.where());
    }
}

ZoneText read_text(std::string_view zone) {
    return read_all(
        text::ZoneFileReader::from_text(zone, "test.zone", options_with_origin("example.test.")));
}

std::string printed(const dns::Record& record) {
    std::string line;
    text::append_record(record.view(), line);
    std::replace(line.begin(), line.end(), '\t', ' ');
    line.pop_back();
    return line;
}

std::string summary(const ZoneText& zone) {
    std::string lines;
    for (const dns::Record& record : zone.records) {
        lines += printed(record) + "\n";
    }
    return zone.error.empty() ? lines : "error: " + zone.error;
}

std::string to_hex(ByteView bytes) {
    std::string hex;
    for (const std::uint8_t octet : bytes) {
        hex += fmt::format("{:02x}", octet);
    }
    return hex;
}

Bytes from_hex(std::string_view hex) {
    Bytes bytes;
    std::string digits{hex};
    digits.erase(std::remove(digits.begin(), digits.end(), ' '), digits.end());
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        bytes.push_back(static_cast<std::uint8_t>(std::stoi(digits.substr(i, 2), nullptr, 16)));
    }
    return bytes;
}

}  // namespace twinzone::test
