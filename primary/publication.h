// Decides what a freshly read zone file means for the version in service.
#pragma once

#include <optional>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/config/config.h"
#include "common/zone/version.h"
#include "common/zone/zone_hold.h"
#include "primary/zone_file_loader.h"

namespace twinzone::primary {

// The SOA to publish the file's content under; nullopt where the file holds what is in service
// already (perhaps formatted otherwise). Errc::zone_policy with the way out in words where the
// serial policy lets it in no way into service.
[[nodiscard]] Result<std::optional<dns::SoaRecord>> plan_publication(
    config::SerialPolicy policy, const std::optional<zone::Version>& current,
    const LoadedZone& loaded, UnixTime now);

// All records but the SOA.
[[nodiscard]] zone::Digest content_of(const zone::Version& version);

// Whether the file's content is one that was judged already and is kept out of service.
enum class Judged : std::uint8_t { no, held, rejected };
[[nodiscard]] Judged judged_before(config::SerialPolicy policy, const zone::ZoneHold* hold,
                                   const LoadedZone& loaded);

}  // namespace twinzone::primary
