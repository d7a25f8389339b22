// `diff ZONE --file F`: the version in service against a zone file, on the operator's side: the
// file is read with the operator's own rights.
#pragma once

#include <string>

#include "common/base/result.h"
#include "common/dns/name.h"
#include "common/service/zone_text.h"

namespace twinzone::service {

// What leads from `exported` (what `export` printed, as a file) to the zone file `path`. Sorting
// takes bounded memory and spills to `directory`. Errors of the zone file have file, line and
// column. Blocking.
[[nodiscard]] Result<std::unique_ptr<TextSource>> diff_with_file(const dns::Name& zone,
                                                                 const std::string& exported,
                                                                 const std::string& path,
                                                                 DiffForm form, bool json);

}  // namespace twinzone::service
