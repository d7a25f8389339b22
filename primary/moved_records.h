// Records that only moved within a file.
#pragma once

#include "common/zone/record_list.h"

namespace twinzone::primary {

// Takes out of both lists what stands in both, octet for octet; as often as it stands in the one
// that has it less often. The order of what stays is kept.
void drop_moved(zone::RecordList& removed, zone::RecordList& added);

}  // namespace twinzone::primary
