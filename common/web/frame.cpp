#include "common/web/frame.h"

#include <array>

#include <fmt/format.h>

#include "common/control/calendar.h"

namespace twinzone::web {

namespace {

// Beyond it a peer that lags is more than late.
constexpr seconds kLongLag = minutes{10};

constexpr std::array kRefreshes = {10U, 60U};

// Two zones in step: the sign of the brand, here and as the icon of the page.
constexpr std::string_view kMark =
    R"(<svg width="26" height="18" viewBox="0 0 26 18" aria-hidden="true">)"
    R"(<circle cx="9" cy="9" r="7.4"/><circle cx="17" cy="9" r="7.4"/></svg>)";
constexpr std::string_view kIcon =
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 26 26'%3E"
    "%3Cg fill='none' stroke='%230b5cad' stroke-width='3'%3E%3Ccircle cx='9' cy='13' r='7'/%3E"
    "%3Ccircle cx='17' cy='13' r='7'/%3E%3C/g%3E%3C/svg%3E";

std::string with_refresh(const std::string& here, unsigned refresh) {
    if (refresh == 0) {
        return here;
    }
    const char mark = here.find('?') == std::string::npos ? '?' : '&';
    return fmt::format("{}{}refresh={}", here, mark, refresh);
}

void put_refresh_links(Html& out, const Frame& frame) {
    const auto link = [&](unsigned refresh, std::string_view words) {
        out.raw("<li>");
        if (refresh == frame.refresh) {
            out.text(words);
        } else {
            out.raw("<a href=\"").text(with_refresh(frame.here, refresh)).raw("\">");
            out.text(words).raw("</a>");
        }
        out.raw("</li>");
    };
    link(0, frame.refresh == 0 ? "As of when it was loaded" : "Stop refreshing");
    for (const unsigned refresh : kRefreshes) {
        link(refresh, fmt::format("{} every {} s",
                                  refresh == frame.refresh ? "Refreshes" : "Refresh", refresh));
    }
}

}  // namespace

void open_frame(Html& out, const Frame& frame) {
    const control::Status& status = frame.facts.status;
    out.raw("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>");
    out.text(frame.title).raw(" - Twinzone ").text(status.role).raw("</title>");
    out.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    out.raw("<meta name=\"color-scheme\" content=\"light dark\">");
    if (frame.refresh != 0) {
        out.raw(fmt::format("<meta http-equiv=\"refresh\" content=\"{}\">", frame.refresh));
    }
    out.raw("<link rel=\"icon\" href=\"").raw(kIcon).raw("\">");
    out.raw("<link rel=\"stylesheet\" href=\"/style.css\"></head>\n<body>");
    out.raw("<a class=\"skip\" href=\"#content\">Skip to the content</a>");
    out.raw("<header class=\"top\"><a class=\"brand\" href=\"/\">").raw(kMark);
    out.raw("Twinzone ").text(status.role).raw("</a><span class=\"where\">");
    out.text(frame.facts.host).raw("</span></header>\n<main id=\"content\">\n");
}

void close_frame(Html& out, const Frame& frame) {
    const control::Status& status = frame.facts.status;
    out.raw("</main>\n<footer><ul>");
    out.raw("<li>Version ").text(status.version).raw("</li><li>up ");
    out.text(control::span_in_words(status.uptime)).raw("</li><li>");
    put_time(out, frame.facts.taken);
    out.raw("</li>");
    put_refresh_links(out, frame);
    out.raw("<li><a href=\"/metrics\">Metrics</a></li><li><a href=\"/status.json\">JSON</a></li>");
    out.raw("<li><a href=\"/readyz\">Readiness</a></li></ul></footer></body></html>\n");
}

std::string_view tone_of(control::ZoneState state) noexcept {
    switch (state) {
        case control::ZoneState::current: return "good";
        case control::ZoneState::transferring: return "busy";
        case control::ZoneState::stale:
        case control::ZoneState::held: return "warn";
        case control::ZoneState::expired:
        case control::ZoneState::failed: return "bad";
        case control::ZoneState::frozen:
        case control::ZoneState::loading: return "calm";
    }
    return "calm";
}

std::string_view tone_of(std::optional<seconds> lag) noexcept {
    if (!lag) {
        return "calm";
    }
    if (*lag == seconds{0}) {
        return "good";
    }
    return *lag < kLongLag ? "warn" : "bad";
}

std::string lag_in_words(std::optional<seconds> lag) {
    if (!lag) {
        return "not known yet";
    }
    return *lag == seconds{0} ? "in step" : fmt::format("{} behind", control::span_in_words(*lag));
}

ServedWords served_in_words(const control::ServedStatus& served, std::optional<dns::Serial> ours) {
    if (!served.error.empty()) {
        return {.tone = "bad", .words = served.error};
    }
    if (!served.serial) {
        return {.tone = "calm", .words = "no answer yet"};
    }
    if (served.serial == ours) {
        return {.tone = "good", .words = "serves it"};
    }
    return {.tone = "warn", .words = "serves another"};
}

void put_state(Html& out, std::string_view tone, std::string_view word) {
    out.raw("<span class=\"state ").raw(tone).raw("\">").text(word).raw("</span>");
}

std::string zone_link(std::string_view zone) {
    return "/zone/" + percent_encoded(zone);
}

void put_time(Html& out, UnixTime time) {
    const std::string text = control::to_rfc3339(time);
    out.raw("<time datetime=\"").text(text).raw("\">");
    // "2026-03-01T12:00:00Z", for reading.
    out.text(fmt::format("{} {} UTC", text.substr(0, 10), text.substr(11, 8))).raw("</time>");
}

}  // namespace twinzone::web
