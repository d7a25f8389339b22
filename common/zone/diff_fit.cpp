#include "common/zone/diff_fit.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "common/zone/page_encoder.h"

namespace twinzone::zone {

namespace {

Result<void> check_list(const RecordList& list) {
    for (std::size_t i = 0; i < list.size(); ++i) {
        const dns::RecordView record = list[i];
        if (record.type == dns::RrType::soa) {
            return fail(Errc::transfer_malformed,
                        fmt::format("a SOA of {} among the records of a difference",
                                    record.owner.to_text()));
        }
        if (Result<void> sized = check_record_size(record); !sized) {
            return sized;
        }
        TWINZONE_ASSERT(i == 0 || compare_canonical(list[i - 1], record) < 0);
    }
    return {};
}

}  // namespace

Result<void> check_fit(const Diff& diff, const Version& version) {
    if (diff.from.serial != version.serial()) {
        return fail(Errc::transfer_diverged,
                    fmt::format("the difference is from serial {}, not {}",
                                diff.from.serial.value(), version.serial().value()));
    }
    if (!same_rdata(diff.from, version.soa) || diff.from.owner != version.soa.owner ||
        diff.to.owner != version.soa.owner) {
        return fail(Errc::transfer_diverged,
                    fmt::format("the difference is from another SOA with serial {}",
                                diff.from.serial.value()));
    }
    if (diff.empty() && diff.to.serial == diff.from.serial) {
        return fail(Errc::transfer_diverged, fmt::format("the difference from serial {} changes "
                                                         "nothing",
                                                         diff.from.serial.value()));
    }
    if (Result<void> checked = check_list(diff.removed); !checked) {
        return checked;
    }
    return check_list(diff.added);
}

// RFC 3597 §5.
std::string describe(const dns::RecordView& record) {
    std::string text = fmt::format("{} {} \\# {} ", record.owner.to_text(), to_text(record.type),
                                   record.rdata.size());
    const std::size_t shown = std::min<std::size_t>(record.rdata.size(), 32);
    for (const std::uint8_t octet : record.rdata.first(shown)) {
        fmt::format_to(std::back_inserter(text), "{:02x}", octet);
    }
    return shown < record.rdata.size() ? text + "..." : text;
}

}  // namespace twinzone::zone
