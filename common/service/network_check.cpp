#include "common/service/network_check.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/base/random.h"
#include "common/control/json_text.h"
#include "common/net/entropy.h"
#include "common/net/timer.h"
#include "common/service/asker.h"
#include "common/service/soa_question.h"

namespace twinzone::service {

namespace {

constexpr std::size_t kAtOneTime = 64;
constexpr unsigned kUdpTries = 2;
constexpr Duration kUdpPatience = seconds{2};
constexpr Duration kTcpPatience = seconds{5};
constexpr Duration kLookInterval = milliseconds{50};

std::string_view to_string(ProbeWay way) noexcept {
    switch (way) {
        case ProbeWay::udp: return "UDP";
        case ProbeWay::tcp: return "TCP";
        case ProbeWay::tls: return "TLS";
    }
    return "?";
}

// Runs probes over a loop of its own.
class ProbeRun {
  public:
    ProbeRun(std::vector<Probe>& probes, std::shared_ptr<const TlsContexts> tls)
        : probes_(probes),
          random_(net::random_seed()),
          asker_(loop_, {.on_connected = {},
                         .on_message =
                             [this](AttemptId attempt, std::span<std::uint8_t> message) {
                                 handle_message(attempt, message);
                             },
                         .on_failure =
                             [this](AttemptId attempt, const Error& error) {
                                 handle_failure(attempt, error.detail());
                             }}),
          timer_(loop_) {
        asker_.use_tls(std::move(tls));
    }

    void run() {
        look();
        if (!is_over()) {
            loop_.run();
        }
    }

  private:
    struct Question {
        std::size_t probe = 0;
        unsigned tries = 0;
        bool edns = true;
        Instant deadline;
        std::optional<SoaQuestion> soa;
    };

    [[nodiscard]] bool is_over() const { return next_ == probes_.size() && running_.empty(); }

    void look() {
        const Instant now = loop_.now().instant;
        std::vector<AttemptId> late;
        for (const auto& [attempt, question] : running_) {
            if (question.deadline <= now) {
                late.push_back(attempt);
            }
        }
        for (const AttemptId attempt : late) {
            handle_failure(attempt, "no answer in time");
        }
        start_more();
        if (is_over()) {
            loop_.stop();
        } else {
            timer_.arm_after(kLookInterval, [this] { look(); });
        }
    }

    void start_more() {
        while (next_ < probes_.size() && running_.size() < kAtOneTime) {
            Question question;
            question.probe = next_++;
            ask(std::move(question));
        }
    }

    void ask(Question question) {
        Probe& probe = probes_[question.probe];
        const bool is_udp = probe.way == ProbeWay::udp;
        question.deadline = loop_.now().instant + (is_udp ? kUdpPatience : kTcpPatience);
        question.soa.emplace(probe.zone, random_.message_id(), probe.remote->key, question.edns);
        Result<Bytes> message = question.soa->message(loop_.now().unix);
        if (!message) {
            probe.why = message.error().detail();
            return;
        }
        const AttemptId attempt{++last_attempt_};
        running_.emplace(attempt, std::move(question));
        asker_.ask({.attempt = attempt,
                    .to = probe.endpoint,
                    .transport = is_udp ? Transport::udp : Transport::tcp,
                    .message = std::move(*message),
                    .tls = probe.remote->tls,
                    .source = probe.remote->source_for(probe.endpoint)});
    }

    void handle_message(AttemptId attempt, std::span<std::uint8_t> message) {
        const auto at = running_.find(attempt);
        if (at == running_.end()) {
            return;
        }
        const Result<std::optional<SoaQuestion::Answer>> answer =
            at->second.soa->handle_message(message, loop_.now().unix);
        if (answer && !*answer) {
            return;  // not an answer to this
        }
        Question question = take(attempt);
        Probe& probe = probes_[question.probe];
        if (!answer) {
            probe.is_refused = answer.error().code() == Errc::rcode;
            probe.why = answer.error().detail();
        } else if ((*answer)->kind == SoaQuestion::Answer::Kind::edns_refused) {
            question.edns = false;
            ask(std::move(question));
        } else if ((*answer)->kind == SoaQuestion::Answer::Kind::truncated) {
            probe.why = "the answer does not fit in a datagram";
        } else {
            probe.serial = (*answer)->soa->serial;
        }
    }

    void handle_failure(AttemptId attempt, const std::string& why) {
        if (!running_.contains(attempt)) {
            return;
        }
        Question question = take(attempt);
        Probe& probe = probes_[question.probe];
        if (probe.way == ProbeWay::udp && ++question.tries < kUdpTries) {
            ask(std::move(question));
        } else {
            probe.why = why;
        }
    }

    Question take(AttemptId attempt) {
        asker_.abandon(attempt);
        auto node = running_.extract(attempt);
        return std::move(node.mapped());
    }

    std::vector<Probe>& probes_;
    net::Loop loop_;
    Random random_;
    std::map<AttemptId, Question> running_;
    std::size_t next_ = 0;
    std::uint64_t last_attempt_ = 0;
    Asker asker_;
    net::Timer timer_;
};

void add_probes(const config::RemotePtr& remote, const dns::Name& zone, bool is_primary,
                std::vector<Probe>& out) {
    for (const Endpoint& endpoint : remote->addresses) {
        const auto add = [&](ProbeWay way) {
            out.push_back({.remote = remote,
                           .endpoint = endpoint,
                           .zone = zone,
                           .way = way,
                           .is_primary = is_primary});
        };
        if (remote->tls) {
            add(ProbeWay::tls);
        } else {
            add(ProbeWay::udp);
            add(ProbeWay::tcp);
        }
    }
}

std::string in_words(const Probe& probe) {
    return probe.serial ? fmt::format("{}: serial {}", to_string(probe.way), probe.serial->value())
                        : fmt::format("{}: {}", to_string(probe.way), probe.why);
}

bool same_place(const Probe& a, const Probe& b) {
    return a.remote == b.remote && a.endpoint == b.endpoint && a.zone == b.zone;
}

}  // namespace

std::vector<Probe> probes_of(const config::Config& config, const std::vector<config::Zone>& zones) {
    std::vector<Probe> out;
    for (const config::Zone& zone : zones) {
        std::vector<config::RemotePtr> asked;
        const auto add = [&](const config::RemotePtr& remote, bool is_primary) {
            if (remote && std::find(asked.begin(), asked.end(), remote) == asked.end()) {
                asked.push_back(remote);
                add_probes(remote, zone.name, is_primary, out);
            }
        };
        for (const config::RemotePtr& remote : zone->primaries) {
            add(remote, true);
        }
        for (const config::RemotePtr& remote : zone->notify) {
            add(remote, false);
        }
        add(config.role == config::Role::secondary ? zone->output.verify : nullptr, false);
    }
    return out;
}

Result<void> run_probes(const config::Config& config, std::vector<Probe>& probes) {
    Result<std::shared_ptr<const TlsContexts>> tls = TlsContexts::load(config);
    if (!tls) {
        return fail(std::move(tls).error());
    }
    ProbeRun{probes, std::move(*tls)}.run();
    return {};
}

std::string to_text(const std::vector<Probe>& probes) {
    std::string text;
    for (std::size_t i = 0; i < probes.size();) {
        const Probe& first = probes[i];
        std::vector<std::string> ways;
        bool works = true;
        for (; i < probes.size() && same_place(first, probes[i]); ++i) {
            ways.push_back(in_words(probes[i]));
            works = works && probes[i].works();
        }
        const std::string key = first.remote->key
                                    ? fmt::format("key {}", first.remote->key->name().to_text())
                                    : "unsigned";
        text +=
            fmt::format("{:<6} {} {} {}, {}: {}\n", works ? "works" : "fails", first.zone.to_text(),
                        first.remote->name, first.endpoint.to_text(), key, fmt::join(ways, ", "));
    }
    return text;
}

std::string to_json(const std::vector<Probe>& probes) {
    std::vector<std::string> objects;
    objects.reserve(probes.size());
    for (const Probe& probe : probes) {
        objects.push_back(fmt::format(
            R"({{"zone":{},"remote":{},"address":"{}","transport":"{}","key":{},"works":{},)"
            R"("serial":{},"why":{}}})",
            control::json_text(probe.zone.to_text()), control::json_text(probe.remote->name),
            probe.endpoint.to_text(), to_string(probe.way),
            probe.remote->key ? control::json_text(probe.remote->key->name().to_text()) : "null",
            probe.works(), probe.serial ? std::to_string(probe.serial->value()) : "null",
            control::json_text(probe.why)));
    }
    return fmt::format("[{}]", fmt::join(objects, ","));
}

}  // namespace twinzone::service
