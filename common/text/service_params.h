// The parameters of SVCB and HTTPS (RFC 9460 §2.1, §7; RFC 9461 dohpath, RFC 9540 ohttp): key=value
// words to wire form in the order of keys, and back.
#pragma once

#include <string>

#include "common/base/bytes.h"
#include "common/text/rdata_buffer.h"
#include "common/text/scanner.h"

namespace twinzone::text {

// Reads all parameters up to the end of the entry and appends their wire form to `out`.
void read_service_params(Scanner& scanner, RdataBuffer& out);

// Appends the parameters, each after a space. False, with `out` in an unknown state, where the wire
// form has no text that reads back to it.
[[nodiscard]] bool append_service_params(ByteView wire, std::string& out);

}  // namespace twinzone::text
