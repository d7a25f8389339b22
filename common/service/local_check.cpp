#include "common/service/local_check.h"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>
#include <grp.h>

#include "common/control/client.h"
#include "common/net/bind_probe.h"
#include "common/service/privileges.h"
#include "common/service/tls_contexts.h"
#include "common/shared/connection.h"

namespace twinzone::service {

namespace {

namespace fs = std::filesystem;

// Whether somebody answers at the control socket: most likely the daemon that this file is for.
bool is_running(const config::Config& config) {
    if (config.control_socket.empty()) {
        return false;
    }
    const control::Request request{.verb = "status", .operands = {}, .options = {}};
    const auto answer = control::ask(config.control_socket, request, seconds{2});
    return answer || answer.error().code() != Errc::not_found;
}

void look_at_port(const Endpoint& endpoint, bool with_udp, LocalFindings& findings) {
    if (endpoint.port == 0) {
        return;
    }
    int error = net::probe_bind(endpoint, net::BindTransport::tcp);
    if (error == 0 && with_udp) {
        error = net::probe_bind(endpoint, net::BindTransport::udp);
    }
    if (error == 0) {
        return;
    }
    std::string text = fmt::format("cannot listen on {}: {}", endpoint.to_text(),
                                   std::generic_category().message(error));
    (error == EADDRINUSE ? findings.problems : findings.remarks).push_back(std::move(text));
}

void look_at_source(const config::Remote& remote, LocalFindings& findings) {
    const int error = remote.via ? net::probe_bind({*remote.via, 0}, net::BindTransport::udp) : 0;
    if (error != 0) {
        findings.remarks.push_back(fmt::format("remote {}: cannot send from {}: {}", remote.name,
                                               remote.via->to_text(),
                                               std::generic_category().message(error)));
    }
}

void look_at_folder(const std::string& what, const std::string& path, LocalFindings& findings) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (fs::exists(status) && !fs::is_directory(status)) {
        findings.problems.push_back(fmt::format("{} {}: not a folder", what, path));
    }
}

}  // namespace

LocalFindings look_at_machine(const config::Config& config) {
    LocalFindings findings;
    if (!is_running(config)) {
        for (const Endpoint& endpoint : config.listen) {
            look_at_port(endpoint, true, findings);
        }
        for (const Endpoint& endpoint : config.listen_tls) {
            look_at_port(endpoint, false, findings);
        }
        for (const Endpoint& endpoint : config.web) {
            look_at_port(endpoint, false, findings);
        }
    }
    for (const config::RemotePtr& remote : config.remotes) {
        look_at_source(*remote, findings);
    }
    if (const auto tls = TlsContexts::load(config); !tls) {
        findings.problems.push_back(tls.error().detail());
    }
    if (!config.control_group.empty() && ::getgrnam(config.control_group.c_str()) == nullptr) {
        findings.problems.push_back(
            fmt::format("control: there is no group '{}'", config.control_group));
    }
    if (!config.user.empty() && !has_user(config.user)) {
        findings.problems.push_back(fmt::format("server: there is no user '{}'", config.user));
    }
    for (std::string& remark : readable_secrets(config)) {
        findings.remarks.push_back(std::move(remark));
    }
    look_at_folder("store", config.store_path, findings);
    if (config.shared) {
        if (const auto fits = shared::check_conninfo(config.shared->postgresql); !fits) {
            findings.problems.push_back(
                fmt::format("store.shared.postgresql: {}", fits.error().detail()));
        }
    }
    return findings;
}

}  // namespace twinzone::service
