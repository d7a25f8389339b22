// A HandOver with a store, a disk and a server beside it that are models, and a clock in the test's
// hands.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "secondary/hand_over.h"
#include "tests/support/records.h"

namespace twinzone::secondary::test {

// Holds no records: a hand-over core asks for serials alone.
class SerialStore final : public zone::VersionStore {
  public:
    void put(std::uint32_t serial) {
        state_.zone = twinzone::test::apex();
        state_.version.emplace();
        state_.version->soa = twinzone::test::soa_record(serial);
        state_.version->digest.add(state_.version->soa.record().view());
    }
    [[nodiscard]] const zone::ZoneState* find(dns::NameView) const override {
        return state_.version ? &state_ : nullptr;
    }
    [[nodiscard]] const zone::ZoneHold* hold(dns::NameView) const override { return nullptr; }
    [[nodiscard]] Result<std::shared_ptr<const zone::Snapshot>> snapshot(dns::NameView) override {
        return fail(Errc::not_found, "a model");
    }
    void submit(zone::Commit, Done) override {}
    [[nodiscard]] std::vector<Owed> owed_notifies() const override { return {}; }
    void forget_owed(dns::NameView, std::string_view) override {}

  private:
    zone::ZoneState state_;
};

class HandOverBench {
  public:
    enum class Server : std::uint8_t {
        up,
        silent,   // nothing comes back
        servfail  // the zone is not loaded
    };

    explicit HandOverBench(config::OutputMode mode,
                           config::ReloadKind reload = config::ReloadKind::command);

    // The zone with what is on the disk.
    void start();
    void publish(std::uint32_t serial);
    void refresh() {
        core.refresh(now, zone.name);
        drain();
    }
    // Lets time pass; the models do what they are asked meanwhile.
    void pass(Duration time);

    [[nodiscard]] HandOver::View view() const { return *core.view(zone.name); }
    [[nodiscard]] std::optional<std::uint32_t> serial_seen() const;
    // What was done since the last call, parted by spaces.
    std::string done();
    std::vector<HandOverEvent> take_events();

    SerialStore store;
    Now now{.instant = Instant{hours{1}}, .unix = UnixTime{1'700'000'000}};
    HandOver core{store, 7};
    config::Zone zone;

    // The disk.
    std::optional<std::uint32_t> file;
    std::optional<std::uint32_t> previous;
    std::optional<Error> write_fails;
    Duration write_time{0};

    // The server.
    Server server = Server::up;
    std::optional<std::uint32_t> served;
    std::set<std::uint32_t> refuses;  // serials that it does not take
    bool drops_old = false;           // and then serves nothing, as NSD does
    bool hears_notify = true;
    std::optional<dns::Rcode> notify_rcode;

    // The reload command.
    bool reload_reports = true;  // whether it says that all is well
    bool reload_works = true;    // whether the server reads its file at all

  private:
    void set_clock(Instant at);
    void drain();
    void act(const HandOverAction& action);
    void answer(const service::Ask& question);
    void write(const WriteFile& action);
    void put_back(const PutBack& action);
    void reload(const RunReload& action);
    void take(std::uint32_t serial);

    std::vector<std::string> done_;
    std::vector<HandOverEvent> events_;
    std::multimap<Instant, HandOverAction> later_;
};

}  // namespace twinzone::secondary::test
