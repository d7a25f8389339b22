#include "common/service/web_service.h"

#include <algorithm>
#include <utility>

#include "common/observe/exposition.h"
#include "common/web/metrics_text.h"
#include "common/web/probes.h"

namespace twinzone::service {

namespace {

// Texts of so many zones are made on the loop, which takes less than handing them to the pool.
constexpr std::size_t kZonesOnLoop = 200;

// Octets of texts that clients have not yet taken. Metrics of 100,000 zones have 60 million.
constexpr std::size_t kMaxUntakenBytes = std::size_t{256} << 20;

constexpr std::string_view kPlainText = "text/plain; charset=utf-8";

// Nothing a page of ours needs comes from elsewhere, and none runs anything.
constexpr std::string_view kContentPolicy =
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'";

net::HttpResponse response(unsigned status, std::string_view type, std::string text) {
    return {.status = status,
            .headers = {{"Content-Type", std::string{type}},
                        {"Content-Security-Policy", std::string{kContentPolicy}},
                        {"Cache-Control", "no-store"},
                        {"X-Content-Type-Options", "nosniff"},
                        {"Referrer-Policy", "no-referrer"}},
            .body = std::make_shared<const std::string>(std::move(text))};
}

net::HttpResponse response(web::Probe probe) {
    return response(probe.passed ? 200 : 503, kPlainText, std::move(probe.text));
}

}  // namespace

WebService::WebService(net::Loop& loop, const store::Store& store, const observe::Metrics& metrics,
                       Sources sources)
    : loop_(loop),
      store_(store),
      metrics_(metrics),
      sources_(std::move(sources)),
      loop_lag_(loop),
      gatherer_(loop,
                {.begin = [this] { return facts_of_server(); }, .zone_at = sources_.zone_at}) {}

WebService::~WebService() = default;

Result<void> WebService::listen(const Endpoint& at) {
    Result<std::unique_ptr<net::HttpServer>> server = net::HttpServer::listen(
        loop_, at, {},
        [this](const net::HttpTarget& target, Respond to) { answer(target, std::move(to)); });
    if (!server) {
        return fail(std::move(server).error());
    }
    servers_.push_back(std::move(*server));
    return {};
}

web::Facts WebService::facts_of_server() {
    web::Facts facts;
    facts.status = sources_.head();
    facts.taken = loop_.now().unix;
    facts.store_bytes = store_.used_bytes();
    facts.loop_lag = loop_lag_.longest();
    return facts;
}

void WebService::answer(const net::HttpTarget& target, Respond respond) {
    if (target.path == "/livez") {
        respond(response(web::liveness(store_.is_broken())));
    } else if (target.path == "/readyz") {
        answer_with([](const web::Facts& facts) { return response(web::readiness(facts)); },
                    std::move(respond));
    } else if (target.path == "/status.json") {
        answer_with(
            [](const web::Facts& facts) {
                return response(200, "application/json", control::to_json(facts.status) + "\n");
            },
            std::move(respond));
    } else if (target.path == "/metrics") {
        answer_with(
            [metrics = metrics_](const web::Facts& facts) {
                return response(200, observe::kExpositionType, web::metrics_text(facts, metrics));
            },
            std::move(respond));
    } else {
        respond(response(404, kPlainText, "no such page\n"));
    }
}

void WebService::answer_with(MakeOfFacts make, Respond respond) {
    gatherer_.gather([this, make = std::move(make), respond = std::move(respond)](
                         const std::shared_ptr<const web::Facts>& facts) {
        if (facts->status.zones.size() <= kZonesOnLoop) {
            respond(make(*facts));
            return;
        }
        jobs_.push_back({[make, facts] { return make(*facts); }, respond});
        run_next_job();
    });
}

// One after the other: the pool has other work too, and memory for one text at a time is enough.
void WebService::run_next_job() {
    if (job_runs_ || jobs_.empty()) {
        return;
    }
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    if (untaken_bytes() > kMaxUntakenBytes) {
        job.respond(response(503, kPlainText, "too much is waiting to be taken; try again\n"));
        run_next_job();
        return;
    }
    job_runs_ = true;
    auto made = std::make_shared<net::HttpResponse>();
    loop_.work([make = job.make, made] { *made = make(); },
               [this, alive = std::weak_ptr<bool>{alive_}, respond = job.respond, made] {
                   if (alive.expired()) {
                       return;
                   }
                   untaken_.push_back(made->body);
                   respond(std::move(*made));
                   job_runs_ = false;
                   run_next_job();
               });
}

std::size_t WebService::untaken_bytes() {
    std::erase_if(untaken_, [](const auto& body) { return body.expired(); });
    std::size_t bytes = 0;
    for (const std::weak_ptr<const std::string>& body : untaken_) {
        const std::shared_ptr<const std::string> held = body.lock();
        bytes += held ? held->size() : 0;
    }
    return bytes;
}

}  // namespace twinzone::service
