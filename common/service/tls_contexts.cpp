#include "common/service/tls_contexts.h"

namespace twinzone::service {

namespace {

net::TlsCredentials credentials(const config::Tls& tls) {
    return {.certificate_file = tls.certificate, .key_file = tls.key};
}

net::TlsTrust trust(const config::Tls& tls, const std::string& host) {
    return {.name = tls.name, .ca_file = tls.ca, .host = host, .pins = tls.pins};
}

}  // namespace

Result<std::shared_ptr<const TlsContexts>> TlsContexts::load(const config::Config& config) {
    auto contexts = std::make_shared<TlsContexts>();
    std::vector<net::TlsTrust> clients;
    for (const config::TlsPtr& tls : config.tls) {
        clients.push_back(trust(*tls, tls->client_name));
        if (!tls->proves_server()) {
            continue;
        }
        auto context = net::TlsContext::client(credentials(*tls), trust(*tls, tls->server_name));
        if (!context) {
            return fail(std::move(context).error());
        }
        contexts->clients_.emplace(tls->name, std::move(*context));
    }
    if (config.server_tls) {
        auto context = net::TlsContext::server(credentials(*config.server_tls), clients);
        if (!context) {
            return fail(std::move(context).error());
        }
        contexts->server_ = std::move(*context);
    }
    return contexts;
}

std::shared_ptr<const net::TlsContext> TlsContexts::client(const std::string& tls) const {
    const auto at = clients_.find(tls);
    return at == clients_.end() ? nullptr : at->second;
}

}  // namespace twinzone::service
