// What a store holds, read without changing a thing in its folder: no lock text, no reader slot, no
// repair. For who only wants to say what would happen.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/zone/version_store.h"

namespace twinzone::store {

// Every zone of the store in `directory`, in no order; empty where there is no store yet. Keeps
// others out while it reads. Errc::store_locked (detail says who), store_corrupt (opening it would
// set it aside or repair it), store_format, file_unreadable. Blocking.
[[nodiscard]] Result<std::vector<zone::ZoneState>> peek(const std::string& directory);

}  // namespace twinzone::store
