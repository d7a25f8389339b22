#include "common/service/web_service.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <unistd.h>

#include "common/observe/exposition.h"
#include "common/web/metrics_text.h"
#include "common/web/overview_page.h"
#include "common/web/probes.h"
#include "common/web/style.h"

namespace twinzone::service {

namespace {

// Texts of so many zones are made on the loop, which takes less than handing them to the pool.
constexpr std::size_t kZonesOnLoop = 200;

// Octets of texts that clients have not yet taken. Metrics of 100,000 zones have 60 million.
constexpr std::size_t kMaxUntakenBytes = std::size_t{256} << 20;

// Lags are sampled so often, or more seldom where that takes more of the loop than a hundredth.
constexpr Duration kSampleInterval = seconds{10};
constexpr int kSampleShare = 100;

// The most seconds that a page may be asked to wait before it loads itself anew.
constexpr unsigned kMaxRefresh = 3600;

constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr std::string_view kZonePath = "/zone/";
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

// A number from a query; `otherwise` for what is none.
template <class Number>
Number number_in(const net::HttpTarget& target, std::string_view field, Number otherwise) {
    const std::string_view text = target.field(field);
    Number number{};
    const auto read = std::from_chars(text.begin(), text.end(), number);
    return read.ec == std::errc{} && read.ptr == text.end() ? number : otherwise;
}

unsigned refresh_in(const net::HttpTarget& target) {
    return std::min(number_in(target, "refresh", 0U), kMaxRefresh);
}

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string{name.data()}
                                                            : std::string{};
}

}  // namespace

WebService::WebService(net::Loop& loop, const store::Store& store, const observe::Metrics& metrics,
                       Sources sources)
    : loop_(loop),
      store_(store),
      metrics_(metrics),
      sources_(std::move(sources)),
      host_(host_name()),
      loop_lag_(loop),
      gatherer_(loop, {.begin = [this] { return facts_of_server(); }, .zone_at = sources_.zone_at}),
      sample_timer_(loop),
      history_(std::make_shared<const web::LagHistory>()) {
    sample_timer_.arm_after(seconds{1}, [this] { sample_lags(); });
}

WebService::~WebService() = default;

Result<void> WebService::listen(const Endpoint& at) {
    Result<std::unique_ptr<net::HttpServer>> server = net::HttpServer::listen(
        loop_, at, {},
        [this](const net::HttpTarget& target, Respond to) { answer(target, std::move(to)); });
    if (!server) {
        return fail(std::move(server).error());
    }
    servers_[at] = std::move(*server);
    return {};
}

web::Facts WebService::facts_of_server() {
    web::Facts facts;
    facts.status = sources_.head();
    facts.host = host_;
    facts.taken = loop_.now().unix;
    facts.store_bytes = store_.used_bytes();
    facts.loop_lag = loop_lag_.longest();
    return facts;
}

void WebService::answer(const net::HttpTarget& target, Respond respond) {
    if (std::optional<net::HttpResponse> ready = answer_at_once(target)) {
        respond(*std::move(ready));
    } else if (target.path.starts_with(kZonePath)) {
        answer_zone(std::string_view{target.path}.substr(kZonePath.size()), refresh_in(target),
                    std::move(respond));
    } else if (std::optional<MakeOfFacts> make = maker_for(target)) {
        answer_with(*std::move(make), std::move(respond));
    } else {
        respond(
            response(404, kHtml, web::not_found_page(facts_of_server(), "There is no such page.")));
    }
}

std::optional<net::HttpResponse> WebService::answer_at_once(const net::HttpTarget& target) {
    if (target.path == "/livez") {
        return response(web::liveness(store_.is_broken()));
    }
    if (target.path == "/style.css") {
        return response(200, "text/css; charset=utf-8", web::style_sheet());
    }
    return std::nullopt;
}

// What needs all zones.
std::optional<WebService::MakeOfFacts> WebService::maker_for(const net::HttpTarget& target) const {
    if (target.path == "/") {
        return [query = web::OverviewQuery{.text = std::string{target.field("q")},
                                           .state = std::string{target.field("state")},
                                           .page = number_in<std::size_t>(target, "page", 1),
                                           .refresh = refresh_in(target)},
                history = history_](const web::Facts& facts) {
            return response(200, kHtml, web::overview_page(facts, *history, query));
        };
    }
    if (target.path == "/readyz") {
        return [](const web::Facts& facts) { return response(web::readiness(facts)); };
    }
    if (target.path == "/status.json") {
        return [](const web::Facts& facts) {
            return response(200, "application/json", control::to_json(facts.status) + "\n");
        };
    }
    if (target.path == "/metrics") {
        return [metrics = metrics_](const web::Facts& facts) {
            return response(200, observe::kExpositionType, web::metrics_text(facts, metrics));
        };
    }
    return std::nullopt;
}

void WebService::answer_zone(std::string_view name, unsigned refresh, Respond respond) {
    auto facts = std::make_shared<web::Facts>(facts_of_server());
    std::optional<control::ZoneStatus> zone = sources_.zone_named(name);
    if (!zone) {
        respond(response(404, kHtml, web::not_found_page(*facts, "This server has no such zone.")));
        return;
    }
    facts->status.zones.push_back(*std::move(zone));
    jobs_.push_back({[facts, history = history_, details = sources_.details(name), refresh] {
                         return response(200, kHtml,
                                         web::zone_page(*facts, *history, details(), refresh));
                     },
                     std::move(respond)});
    run_next_job();
}

void WebService::sample_lags() {
    gatherer_.gather([this](const std::shared_ptr<const web::Facts>& facts) {
        auto next = std::make_shared<web::LagHistory>();
        const auto take = [next, old = history_](const web::Facts& now) {
            *next = *old;
            next->add(now);
        };
        if (facts->status.zones.size() <= kZonesOnLoop) {
            take(*facts);
            keep_lags(std::move(next));
            return;
        }
        loop_.work([take, held = facts]() mutable { take(*std::exchange(held, nullptr)); },
                   [this, alive = std::weak_ptr<bool>{alive_}, next] {
                       if (!alive.expired()) {
                           keep_lags(next);
                       }
                   });
    });
}

void WebService::keep_lags(std::shared_ptr<const web::LagHistory> history) {
    history_ = std::move(history);
    sample_timer_.arm_after(std::max(kSampleInterval, gatherer_.cost() * kSampleShare),
                            [this] { sample_lags(); });
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
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    if (untaken_bytes() > kMaxUntakenBytes) {
        job.respond(response(503, kPlainText, "too much is waiting to be taken; try again\n"));
        run_next_job();
        return;
    }
    job_runs_ = true;
    auto made = std::make_shared<net::HttpResponse>();
    // What it was made of is freed there as well: 100,000 zones take their time.
    loop_.work(
        [make = std::move(job.make), made]() mutable {
            *made = make();
            make = nullptr;
        },
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
