#include "common/zone/diff.h"

#include "common/zone/diff_stream.h"

namespace twinzone::zone {

Result<std::optional<Diff>> diff(const dns::SoaRecord& from, RecordStream& a,
                                 const dns::SoaRecord& to, RecordStream& b, std::size_t max_bytes) {
    DiffStream stream{from, a, to, b, max_bytes};
    while (stream.diff()) {
        const Result<std::optional<dns::RecordView>> record = stream.next();
        if (!record) {
            return fail(record.error());
        }
        if (!*record) {
            break;
        }
    }
    return stream.take_diff();
}

}  // namespace twinzone::zone
