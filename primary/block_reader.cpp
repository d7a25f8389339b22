#include "primary/block_reader.h"

namespace twinzone::primary {

Result<text::ZoneFileContext> read_records(
    std::string_view text, const text::ZoneFileContext& before, bool is_first,
    const std::function<Result<void>(const dns::RecordView&)>& take) {
    text::ZoneFileOptions options;
    options.origin = before.origin;
    options.default_ttl = before.default_ttl;
    options.is_later_part = !is_first;
    text::ZoneFileReader reader =
        text::ZoneFileReader::from_text(text, "block", std::move(options));
    while (true) {
        const Result<std::optional<dns::RecordView>> record = reader.next();
        if (!record) {
            return fail(record.error());
        }
        if (!*record) {
            break;
        }
        if (Result<void> taken = take(**record); !taken) {
            return fail(std::move(taken).error());
        }
    }
    if (!reader.included_files().empty()) {
        return fail(Errc::zone_file_content, "the block includes a file");
    }
    if (!reader.ended_with_newline()) {
        return fail(Errc::zone_file_content, "the last line has no end");
    }
    return reader.context();
}

}  // namespace twinzone::primary
