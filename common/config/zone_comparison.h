// Whether a configuration that was read again asks for anything else of a zone, values compared and
// not where they stand.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "common/config/config.h"

namespace twinzone::config {

// Remembers which settings, keys and remotes it has compared: many zones share them. Remotes and
// keys that it was given must outlive it. Not thread-safe.
class ZoneComparison {
  public:
    [[nodiscard]] bool same(const Zone& a, const Zone& b);

    // Parts of the above.
    [[nodiscard]] bool same_output(const Output& a, const Output& b);
    [[nodiscard]] bool same_remotes(const std::vector<RemotePtr>& a,
                                    const std::vector<RemotePtr>& b);

  private:
    [[nodiscard]] bool same_settings(const SettingsPtr& a, const SettingsPtr& b);
    [[nodiscard]] bool same(const ZoneSettings& a, const ZoneSettings& b);
    [[nodiscard]] bool same_remote(const RemotePtr& a, const RemotePtr& b);
    [[nodiscard]] bool same_key(const dns::TsigKeyPtr& a, const dns::TsigKeyPtr& b);
    [[nodiscard]] bool same_rules(const std::vector<AccessRule>& a,
                                  const std::vector<AccessRule>& b);

    std::map<std::pair<SettingsPtr, SettingsPtr>, bool> settings_;
    std::map<std::pair<const Remote*, const Remote*>, bool> remotes_;
    std::map<std::pair<const dns::TsigKey*, const dns::TsigKey*>, bool> keys_;
};

// Whether the two stand for the same certificates and demands. nullptr is only like nullptr.
[[nodiscard]] bool same_tls(const TlsPtr& a, const TlsPtr& b);

}  // namespace twinzone::config
