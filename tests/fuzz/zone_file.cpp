// Any octets as a zone file. Every record that is read is printed, and what was printed is read
// back to the same octets.
#include "common/text/zone_file_reader.h"
#include "common/text/zone_file_writer.h"
#include "tests/fuzz/harness.h"

namespace {

using namespace twinzone;

text::ZoneFileOptions options() {
    text::ZoneFileOptions out;
    out.origin = *dns::Name::from_text("example.test.");
    out.max_records = 500;
    out.max_include_depth = 0;
    out.include_root_dir = "/no-such-folder";  // $INCLUDE reaches no file
    return out;
}

void check_round_trip(const dns::RecordView& record) {
    std::string line;
    text::append_record(record, line);
    text::ZoneFileReader reader = text::ZoneFileReader::from_text(line, "printed", options());
    const Result<std::optional<dns::RecordView>> back = reader.next();
    TWINZONE_ASSERT(back.has_value() && back->has_value());
    TWINZONE_ASSERT(dns::same_bytes((*back)->owner, record.owner));
    TWINZONE_ASSERT((*back)->type == record.type);
    TWINZONE_ASSERT((*back)->ttl == record.ttl);
    TWINZONE_ASSERT(std::equal((*back)->rdata.begin(), (*back)->rdata.end(), record.rdata.begin(),
                               record.rdata.end()));
    const Result<std::optional<dns::RecordView>> end = reader.next();
    TWINZONE_ASSERT(end.has_value() && !end->has_value());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string text{as_text({bytes, size})};
    text::ZoneFileReader reader = text::ZoneFileReader::from_text(text, "input", options());
    for (;;) {
        const Result<std::optional<dns::RecordView>> record = reader.next();
        if (!record || !record->has_value()) {
            return 0;
        }
        check_round_trip(**record);
    }
}
