// Templates and zones while they are read: every name once, every template by its name.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/config/loading.h"
#include "common/config/zone_settings.h"

namespace twinzone::config {

// Adds zones to the configuration that is being loaded. Borrows it.
class ZoneList {
  public:
    explicit ZoneList(Loading& loading);

    void read_templates(std::span<const Node> nodes);
    void read_entry(const Node& node);
    void read_zones_file(const std::string& path, Mark mark);
    void check_outputs();

    // False, and reported, where there is a zone of this name already.
    bool claim(const dns::Name& name, Mark mark);

    // Null, and reported, where there is none.
    ZoneDraft* template_named(std::string_view name, Mark mark);

    [[nodiscard]] const std::unordered_map<std::string, ZoneDraft>& templates() const noexcept {
        return templates_;
    }

  private:
    void read_template(const Node& node);
    void read_zones_line(std::string_view line, Mark mark);
    void add(ZoneDraft& draft, const dns::Name& name, Mark mark);

    Loading& loading_;
    std::unordered_map<std::string, ZoneDraft> templates_;
    std::vector<std::string> template_names_;
    std::unordered_map<dns::Name, Mark, dns::NameHash> marks_;
    bool default_written_ = false;
};

// catalogs.cpp
void read_catalogs(const MapReader& top, Loading& loading, ZoneList& zones);

}  // namespace twinzone::config
