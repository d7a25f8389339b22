// What all pages have around their content, and the words and signs they share.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/control/status.h"
#include "common/web/facts.h"
#include "common/web/html.h"

namespace twinzone::web {

// Lives during one rendering.
struct Frame {
    const Facts& facts;
    std::string title;
    std::string here;      // path and query of this page, without `refresh`: for the links to it
    unsigned refresh = 0;  // seconds after which the page loads itself anew; 0: never
};

void open_frame(Html& out, const Frame& frame);
void close_frame(Html& out, const Frame& frame);

// The class that gives a state, a lag or a summary its colour: good busy warn bad calm.
[[nodiscard]] std::string_view tone_of(control::ZoneState state) noexcept;
[[nodiscard]] std::string_view tone_of(std::optional<seconds> lag) noexcept;

// "in step", "3 min behind", "not seen yet".
[[nodiscard]] std::string lag_in_words(std::optional<seconds> lag);

// What the server beside us does with the version in service: "serves it", "serves another".
struct ServedWords {
    std::string_view tone;
    std::string words;
};
[[nodiscard]] ServedWords served_in_words(const control::ServedStatus& served,
                                          std::optional<dns::Serial> ours);

// A state as a chip: its word, its sign and its colour.
void put_state(Html& out, std::string_view tone, std::string_view word);

// "/zone/NAME".
[[nodiscard]] std::string zone_link(std::string_view zone);

// "2026-03-01 12:00:00 UTC", in a <time>.
void put_time(Html& out, UnixTime time);

}  // namespace twinzone::web
