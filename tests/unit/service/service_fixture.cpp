#include "tests/unit/service/service_fixture.h"

#include <fmt/format.h>

#include "common/base/assert.h"

namespace twinzone::service::test {

namespace {

class ListIntake final : public ContentIntake {
  public:
    Result<void> add(const dns::RecordView& record) override {
        list_->append(record);
        return {};
    }
    std::unique_ptr<zone::RecordStream> finish() override {
        list_->sort_unique();
        return std::make_unique<Stream>(std::move(list_));
    }

  private:
    class Stream final : public zone::RecordStream {
      public:
        explicit Stream(std::unique_ptr<zone::RecordList> list)
            : list_(std::move(list)), stream_(*list_) {}
        Result<std::optional<dns::RecordView>> next() override { return stream_.next(); }

      private:
        std::unique_ptr<zone::RecordList> list_;
        sim::ListStream stream_;
    };

    std::unique_ptr<zone::RecordList> list_ = std::make_unique<zone::RecordList>();
};

}  // namespace

dns::Name name(std::string_view text) {
    return *dns::Name::from_text(text);
}

dns::SoaRecord soa(std::uint32_t serial) {
    dns::SoaRecord out;
    out.owner = name("example.test.");
    out.ttl = dns::Ttl{300};
    out.mname = name("ns1.example.test.");
    out.rname = name("host.example.test.");
    out.serial = dns::Serial{serial};
    out.refresh = seconds{3600};
    out.retry = seconds{600};
    out.expire = seconds{86400};
    return out;
}

dns::Record address(std::string_view owner, std::uint8_t last) {
    dns::Record record;
    record.owner = name(owner);
    record.type = dns::RrType::a;
    record.ttl = dns::Ttl{300};
    record.rdata = Bytes(4, last);
    return record;
}

Endpoint endpoint(std::string_view text) {
    return *Endpoint::from_text(text, 53);
}

config::RemotePtr remote(std::string_view name, std::string_view endpoint_text,
                         dns::TsigKeyPtr key) {
    return std::make_shared<config::Remote>(config::Remote{
        .name = std::string{name}, .addresses = {endpoint(endpoint_text)}, .key = std::move(key)});
}

dns::TsigKeyPtr key(std::string_view text, std::uint8_t secret) {
    return *dns::TsigKey::create(name(text), dns::TsigAlgorithm::hmac_sha256, Bytes(32, secret));
}

std::shared_ptr<sim::StoredVersion> version(std::uint32_t serial,
                                            const std::vector<std::uint8_t>& hosts) {
    zone::RecordList records;
    for (const std::uint8_t host : hosts) {
        records.append(address(fmt::format("h{}.example.test.", host), host).view());
    }
    return sim::make_version(soa(serial), std::move(records));
}

Bytes answer(const Bytes& query, const std::vector<dns::Record>& records, dns::Rcode rcode) {
    const Result<dns::Message> asked = dns::Message::parse(query);
    TWINZONE_ASSERT(asked.has_value());
    dns::Message out;
    out.header.id = asked->header.id;
    out.header.opcode = asked->header.opcode;
    out.header.qr = true;
    out.header.aa = true;
    out.header.rcode = rcode;
    out.question = asked->question;
    out.answer = records;
    return out.to_wire();
}

std::vector<dns::Record> full(const sim::StoredVersion& version) {
    std::vector<dns::Record> out{version.version.soa.record()};
    for (std::size_t i = 0; i < version.records.size(); ++i) {
        out.emplace_back(version.records[i]);
    }
    out.push_back(version.version.soa.record());
    return out;
}

void StoreBench::hold(const sim::StoredVersion& held) {
    disk.zones["example.test."].content = std::make_shared<sim::StoredVersion>(held);
    disk.zones["example.test."].timers.last_success = now().unix;
    disk.zones["example.test."].timers.expires = now().unix + seconds{86400};
    store = std::make_shared<sim::ModelStore>(world, disk, faults, [this] { on_completion(); });
}

std::optional<std::uint32_t> StoreBench::serial() const {
    const std::shared_ptr<const sim::StoredVersion> served = store->served(name("example.test."));
    return served ? std::optional{served->version.serial().value()} : std::nullopt;
}

void StoreBench::pass(Duration time) {
    world.run(world.elapsed() + time, [] { return true; });
}

std::unique_ptr<ContentIntake> ListIntakes::open() {
    return std::make_unique<ListIntake>();
}

FollowerBench::FollowerBench() {
    zone.name = name("example.test.");
    zone.edit().primaries = {remote("ns1", "192.0.2.1@53")};
}

void FollowerBench::follow() {
    follower = std::make_unique<Follower>(*store, intakes, limits, 7);
    follower->add_zone(now(), zone);
}

void FollowerBench::drain() {
    while (std::optional<FollowerAction> action = follower->poll_action(now())) {
        if (Ask* question = std::get_if<Ask>(&*action)) {
            questions_.push_back(std::move(*question));
        } else {
            const AttemptId gone = std::get<Abandon>(*action).attempt;
            std::erase_if(questions_, [gone](const Ask& asked) { return asked.attempt == gone; });
        }
    }
    while (std::optional<FollowerEvent> event = follower->poll_event()) {
        events_.push_back(std::move(*event));
    }
}

std::optional<Ask> FollowerBench::asked(Duration within) {
    const Instant until = now().instant + within;
    drain();
    while (questions_.empty() && now().instant < until) {
        pass(milliseconds{100});
        drain();
    }
    if (questions_.empty()) {
        return std::nullopt;
    }
    Ask question = questions_.front();
    questions_.pop_front();
    if (question.transport == Transport::tcp) {
        follower->handle_connected(now(), question.attempt);
    }
    return question;
}

void FollowerBench::reply(const Ask& question, const std::vector<dns::Record>& records,
                          dns::Rcode rcode) {
    reply(question, answer(question.message, records, rcode));
}

void FollowerBench::reply(const Ask& question, Bytes message) {
    follower->handle_message(now(), question.attempt, message);
    drain();
}

void FollowerBench::cut(const Ask& question) {
    follower->handle_failure(now(), question.attempt, Error{Errc::peer_unreachable, "cut"});
    drain();
}

// In small steps, as the loop would be woken.
void FollowerBench::pass(Duration time) {
    const Duration until = world.elapsed() + time;
    while (world.elapsed() < until) {
        StoreBench::pass(std::min<Duration>(milliseconds{100}, until - world.elapsed()));
        follower->handle_timeout(now());
        drain();
    }
}

void FollowerBench::on_completion() {
    follower->handle_commits(now());
    drain();
}

dns::RrType FollowerBench::type_of(const Ask& question) {
    return dns::Message::parse(question.message)->question->type;
}

}  // namespace twinzone::service::test
