// One version of a zone on a read transaction; and who shares which.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "common/store/environment.h"
#include "common/store/held_snapshot.h"
#include "common/store/zone_record.h"
#include "common/zone/version_store.h"

namespace twinzone::store {

// Thread-safe: it never changes.
class StoredSnapshot final : public zone::Snapshot {
  public:
    // Requires: record.version.
    StoredSnapshot(std::shared_ptr<const ReadTransaction> txn, ZoneRecord record) noexcept;
    ~StoredSnapshot() override;

    [[nodiscard]] const zone::Version& version() const noexcept override {
        return *record_.version;
    }
    [[nodiscard]] std::string source() const override { return record_.source; }
    [[nodiscard]] std::unique_ptr<zone::PageCursor> pages() const override;
    [[nodiscard]] Result<std::optional<std::vector<zone::HistoryStep>>> history(
        dns::Serial serial) const override;
    [[nodiscard]] Result<std::unique_ptr<zone::PageCursor>> history_pages(
        dns::Serial serial) const override;
    [[nodiscard]] Result<std::vector<zone::HistoryStep>> all_history() const override;
    [[nodiscard]] Result<std::unique_ptr<zone::PageCursor>> step_pages(
        std::size_t back) const override;

  private:
    std::shared_ptr<const ReadTransaction> txn_;
    ZoneRecord record_;
};

// Gives snapshots. All snapshots of one commit share a read transaction. Thread-safe.
class Snapshots {
  public:
    // Errc::not_found, store_corrupt, limit.
    [[nodiscard]] Result<std::shared_ptr<const zone::Snapshot>> take(const EnvironmentPtr& env,
                                                                     ByteView zone_key);

    // Errc::not_found where none is held.
    [[nodiscard]] Result<std::shared_ptr<const HeldSnapshot>> take_held(const EnvironmentPtr& env,
                                                                        ByteView zone_key);

  private:
    Result<std::shared_ptr<const ReadTransaction>> transaction(const EnvironmentPtr& env);

    std::mutex mutex_;
    std::weak_ptr<const ReadTransaction> latest_;
};

}  // namespace twinzone::store
