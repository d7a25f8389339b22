// A follower, publisher or announcer with a model disk and a clock in the test's hands; the test
// plays its peers.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/dns/message.h"
#include "common/service/announcer.h"
#include "common/service/follower.h"
#include "tests/sim/model_store.h"

namespace twinzone::service::test {

[[nodiscard]] dns::Name name(std::string_view text);
[[nodiscard]] dns::SoaRecord soa(std::uint32_t serial);
[[nodiscard]] dns::Record address(std::string_view owner, std::uint8_t last);
[[nodiscard]] Endpoint endpoint(std::string_view text);
[[nodiscard]] config::RemotePtr remote(std::string_view name, std::string_view endpoint,
                                       dns::TsigKeyPtr key = nullptr);
[[nodiscard]] dns::TsigKeyPtr key(std::string_view name, std::uint8_t secret = 1);

// A zone example.test. with one record for each of `hosts`.
[[nodiscard]] std::shared_ptr<sim::StoredVersion> version(std::uint32_t serial,
                                                          const std::vector<std::uint8_t>& hosts);

// An answer to `query` with these records in one message.
[[nodiscard]] Bytes answer(const Bytes& query, const std::vector<dns::Record>& records,
                           dns::Rcode rcode = dns::Rcode::no_error);

// The records of an AXFR of `version`.
[[nodiscard]] std::vector<dns::Record> full(const sim::StoredVersion& version);

class StoreBench {
  public:
    StoreBench()
        : world(1, false), store(std::make_shared<sim::ModelStore>(world, disk, faults, [this] {
              on_completion();
          })) {}
    virtual ~StoreBench() = default;
    StoreBench(const StoreBench&) = delete;
    StoreBench& operator=(const StoreBench&) = delete;

    // Puts a version into the store, synced.
    void hold(const sim::StoredVersion& held);
    [[nodiscard]] std::optional<std::uint32_t> serial() const;
    [[nodiscard]] Now now() const { return world.now(); }

    // Lets time pass, commits included.
    virtual void pass(Duration time);

    sim::World world;
    sim::ModelDisk disk;
    sim::StoreFaults faults;
    std::shared_ptr<sim::ModelStore> store;

  protected:
    virtual void on_completion() {}
};

class ListIntakes final : public IntakeSource {
  public:
    [[nodiscard]] std::unique_ptr<ContentIntake> open() override;
};

class FollowerBench : public StoreBench {
  public:
    FollowerBench();

    // Follows example.test. with the settings in `zone` and `limits`, from what is held.
    void follow();

    // The next question the follower asks, letting time pass for at most `within`.
    [[nodiscard]] std::optional<Ask> asked(Duration within = Duration{0});

    void reply(const Ask& question, const std::vector<dns::Record>& records,
               dns::Rcode rcode = dns::Rcode::no_error);
    void reply(const Ask& question, Bytes message);
    void cut(const Ask& question);
    void pass(Duration time) override;

    // The type that a question asks for.
    [[nodiscard]] static dns::RrType type_of(const Ask& question);

    // Events so far of one kind, taken.
    template <class Event>
    std::vector<Event> take();

    [[nodiscard]] Follower::View view() const { return *follower->view(now(), zone.name); }

    config::Zone zone;
    config::Limits limits;
    ListIntakes intakes;
    std::unique_ptr<Follower> follower;

  protected:
    void on_completion() override;

  private:
    void drain();

    std::deque<Ask> questions_;
    std::vector<FollowerEvent> events_;
};

template <class Event>
std::vector<Event> FollowerBench::take() {
    drain();
    std::vector<Event> out;
    for (const FollowerEvent& event : events_) {
        if (const Event* found = std::get_if<Event>(&event.what)) {
            out.push_back(*found);
        }
    }
    std::erase_if(events_, [](const FollowerEvent& event) {
        return std::holds_alternative<Event>(event.what);
    });
    return out;
}

}  // namespace twinzone::service::test
