// What the scanner and the field parsers found wrong in an entry, and where. Turned into the text
// for the operator in error_text.h, once, when the reader gives up.
#pragma once

#include <string>

#include "common/base/error.h"

namespace twinzone::text {

struct Fault {
    Errc code = Errc::zone_file_syntax;
    const char* at = nullptr;  // the first octet that is wrong, within the text being scanned
    std::string text;
    const char* opened = nullptr;  // the outermost parenthesis that is open there; nullptr: none
};

}  // namespace twinzone::text
