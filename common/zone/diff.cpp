#include "common/zone/diff.h"

#include "common/zone/stream_pair.h"

namespace twinzone::zone {

Result<std::optional<Diff>> diff(const dns::SoaRecord& from, RecordStream& a,
                                 const dns::SoaRecord& to, RecordStream& b, std::size_t max_bytes) {
    StreamPair pair{a, b};
    Diff result{from, to, {}, {}};
    Result<void> stepped = pair.step_a();
    if (stepped) {
        stepped = pair.step_b();
    }
    while (stepped && !pair.done()) {
        const int side = pair.side();
        if (side < 0 || (side == 0 && !same_content(pair.a(), pair.b()))) {
            result.removed.append(pair.a());
        }
        if (side > 0 || (side == 0 && !same_content(pair.a(), pair.b()))) {
            result.added.append(pair.b());
        }
        if (result.removed.memory_bytes() + result.added.memory_bytes() > max_bytes) {
            return std::optional<Diff>{};
        }
        stepped = pair.step(side);
    }
    if (!stepped) {
        return fail(std::move(stepped).error());
    }
    return std::optional{std::move(result)};
}

}  // namespace twinzone::zone
