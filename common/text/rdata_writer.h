// Prints rdata by the same rows of fields that reading uses (rdata_field.h).
#pragma once

#include <string>

#include "common/base/bytes.h"
#include "common/dns/rr_type.h"

namespace twinzone::text {

// Appends the fields, parted by spaces. False, with `out` as it was, where the octets do not fit
// the type's fields or would not read back to the same octets.
[[nodiscard]] bool append_rdata_fields(dns::RrType type, ByteView rdata, std::string& out);

}  // namespace twinzone::text
