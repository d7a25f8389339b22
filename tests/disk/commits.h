// The process whose disk is recorded: commits versions of a few zones, large and small, and writes
// down each one that the store acknowledged.
#pragma once

#include <string>

namespace twinzone::disk {

inline constexpr const char* kAcknowledged = "acknowledged";  // a line each: ZONE SERIAL
inline constexpr const char* kStore = "store";

// In `folder`. Exit code.
[[nodiscard]] int commit_versions(const std::string& folder);

}  // namespace twinzone::disk
