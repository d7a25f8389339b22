#include "common/service/listener_moves.h"

#include <set>

#include "tests/support/catch.h"

namespace twinzone::service {

namespace {

// Sockets of a host on which "0.0.0.0" and any other address of a port are in each other's way.
struct Host {
    std::set<std::string> open;
    std::set<std::string> taken;  // by others

    [[nodiscard]] bool is_free(const Endpoint& at) const {
        const std::string text = at.to_text();
        const bool is_any = text.starts_with("0.0.0.0");
        for (const std::string& held : open) {
            const bool same_port = Endpoint::from_text(held, 53)->port == at.port;
            if (held == text || (same_port && (is_any || held.starts_with("0.0.0.0")))) {
                return false;
            }
        }
        return !taken.contains(text);
    }

    [[nodiscard]] Listening listening() {
        return {.open = [this](const Endpoint& at) -> Result<void> {
                    if (!is_free(at)) {
                        return fail(Errc::network, at.to_text());
                    }
                    open.insert(at.to_text());
                    return {};
                },
                .close = [this](const Endpoint& at) { open.erase(at.to_text()); }};
    }
};

std::vector<Endpoint> endpoints(const std::vector<std::string>& texts) {
    std::vector<Endpoint> out;
    out.reserve(texts.size());
    for (const std::string& text : texts) {
        out.push_back(*Endpoint::from_text(text, 53));
    }
    return out;
}

}  // namespace

TEST_CASE("sockets follow the configuration, all or none", "[service]") {
    struct Row {
        const char* name;
        std::vector<std::string> before;
        std::vector<std::string> after;
        std::set<std::string> taken;
        bool moves;
    };
    const Row rows[] = {
        {"nothing changes", {"192.0.2.1@53"}, {"192.0.2.1@53"}, {}, true},
        {"one comes, one goes", {"192.0.2.1@53"}, {"192.0.2.2@53"}, {}, true},
        {"all go", {"192.0.2.1@53", "192.0.2.2@53"}, {}, {}, true},
        {"all addresses for one", {"192.0.2.1@53"}, {"0.0.0.0@53"}, {}, true},
        {"one for all addresses", {"0.0.0.0@53"}, {"192.0.2.1@53", "192.0.2.2@53"}, {}, true},
        {"one is taken",
         {"192.0.2.1@53"},
         {"192.0.2.2@53", "192.0.2.3@53"},
         {"192.0.2.3@53"},
         false},
        {"taken, and one would go",
         {"192.0.2.1@53", "192.0.2.2@53"},
         {"192.0.2.9@53"},
         {"192.0.2.9@53"},
         false},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            Host host{.open = {row.before.begin(), row.before.end()}, .taken = row.taken};
            const Result<void> moved =
                move_listeners(endpoints(row.before), endpoints(row.after), host.listening());
            CHECK(moved.has_value() == row.moves);
            const std::vector<std::string>& want = row.moves ? row.after : row.before;
            CHECK(host.open == std::set<std::string>(want.begin(), want.end()));
        }
    }
}

}  // namespace twinzone::service
