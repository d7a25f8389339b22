// PostgreSQL as the simulated primaries see it: the statements of common/shared/history.h are read
// and answered from the modelled tables, in rows of text as the server gives them. It has a clock
// of its own, stops, crashes and comes back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/shared/statement.h"
#include "tests/sim/shared_tables.h"
#include "tests/sim/world.h"

namespace twinzone::sim {

class ModelPostgresql {
  public:
    explicit ModelPostgresql(World& world) : world_(world) {}

    struct Answer {
        Result<shared::Rows> rows;
        std::string state;
        bool notifies = false;  // whoever listens is told
    };
    // One transaction. Requires: is_up().
    [[nodiscard]] Answer execute(const shared::Statement& statement);

    [[nodiscard]] bool is_up() const noexcept { return is_up_; }
    // Counts its starts: what was connected before is connected no more.
    [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_; }
    // `crash`: what was committed in a relaxed way may be gone.
    void stop(bool crash);
    void start();
    void set_clock(Duration by) { clock_offset_ += by; }

    [[nodiscard]] const SharedTables& tables() const noexcept { return tables_; }

  private:
    [[nodiscard]] Duration clock() const { return world_.elapsed() + clock_offset_; }
    [[nodiscard]] Answer call(std::string_view name, const std::vector<std::string>& arguments);
    [[nodiscard]] Answer hold_lease(const std::vector<std::string>& arguments);
    [[nodiscard]] Answer stage(const shared::Statement& statement);
    [[nodiscard]] Answer heads(const shared::Statement& statement) const;
    [[nodiscard]] Answer position(const shared::Statement& statement) const;
    [[nodiscard]] Answer pages(const shared::Statement& statement) const;
    [[nodiscard]] Answer step_pages(const shared::Statement& statement) const;
    [[nodiscard]] Answer snapshot(const shared::Statement& statement) const;

    World& world_;
    SharedTables tables_;
    Duration clock_offset_{hours{1}};
    bool is_up_ = true;
    std::uint64_t epoch_ = 1;
};

}  // namespace twinzone::sim
