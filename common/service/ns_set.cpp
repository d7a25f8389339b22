#include "common/service/ns_set.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "common/zone/page.h"
#include "common/zone/page_records.h"

namespace twinzone::service {

namespace {

Result<std::vector<NameServer>> read_names(const zone::Snapshot& snapshot) {
    std::vector<NameServer> servers;
    const dns::SoaRecord& soa = snapshot.version().soa;
    zone::PageRecords records{snapshot.pages()};
    for (;;) {
        const Result<std::optional<dns::RecordView>> record = records.next();
        if (!record) {
            return fail(record.error());
        }
        // Canonical order: the apex first, by type.
        if (!*record || !((*record)->owner == soa.owner) ||
            value((*record)->type) > value(dns::RrType::ns)) {
            break;
        }
        if ((*record)->type != dns::RrType::ns || servers.size() == kMaxNameServers) {
            continue;
        }
        const Result<dns::NameView> name = dns::NameView::parse((*record)->rdata);
        if (name && !(*name == soa.mname)) {
            servers.push_back({.name = dns::Name{*name}});
        }
    }
    std::sort(servers.begin(), servers.end(), [](const NameServer& a, const NameServer& b) {
        return dns::compare_canonical(a.name, b.name) < 0;
    });
    return servers;
}

// Where the record is an address of one of them, it gets it.
void take_address(const dns::RecordView& record, std::vector<NameServer>& servers) {
    const auto at = std::find_if(servers.begin(), servers.end(), [&](const NameServer& server) {
        return server.name == record.owner;
    });
    if (at == servers.end()) {
        return;
    }
    if (std::array<std::uint8_t, 4> v4{};
        record.type == dns::RrType::a && record.rdata.size() == v4.size()) {
        std::copy(record.rdata.begin(), record.rdata.end(), v4.begin());
        at->addresses.push_back(IpAddress::v4(v4));
    }
    if (std::array<std::uint8_t, 16> v6{};
        record.type == dns::RrType::aaaa && record.rdata.size() == v6.size()) {
        std::copy(record.rdata.begin(), record.rdata.end(), v6.begin());
        at->addresses.push_back(IpAddress::v6(v6));
    }
}

Result<void> take_addresses(ByteView page, std::vector<NameServer>& servers) {
    zone::PageReader reader{page};
    for (;;) {
        const Result<std::optional<dns::RecordView>> record = reader.next();
        if (!record) {
            return fail(record.error());
        }
        if (!*record) {
            return {};
        }
        take_address(**record, servers);
    }
}

// A page, and the owner it begins with.
struct Start {
    ByteView page;
    dns::Name owner;
};

// Whether one of them may stand in the page: it goes from its first owner up to that of the next
// one (nullptr: there is none), which may begin in it already.
bool may_have(const Start& page, const dns::Name* next, const std::vector<NameServer>& servers) {
    return std::any_of(servers.begin(), servers.end(), [&](const NameServer& server) {
        return dns::compare_canonical(page.owner, server.name) <= 0 &&
               (next == nullptr || dns::compare_canonical(server.name, *next) <= 0);
    });
}

}  // namespace

Result<std::vector<NameServer>> read_ns_set(const zone::Snapshot& snapshot) {
    Result<std::vector<NameServer>> servers = read_names(snapshot);
    const bool is_inside =
        servers && std::any_of(servers->begin(), servers->end(), [&](const NameServer& server) {
            return server.name.view().is_at_or_below(snapshot.version().soa.owner);
        });
    if (!is_inside) {
        return servers;
    }
    const std::unique_ptr<zone::PageCursor> pages = snapshot.pages();
    std::optional<Start> before;
    for (;;) {
        const Result<std::optional<ByteView>> page = pages->next();
        if (!page) {
            return fail(page.error());
        }
        std::optional<Start> here;
        if (*page) {
            const Result<std::optional<dns::RecordView>> first = zone::PageReader{**page}.next();
            if (!first || !*first) {
                return first ? fail(Errc::store_corrupt, "an empty page") : fail(first.error());
            }
            here = Start{.page = **page, .owner = dns::Name{(*first)->owner}};
        }
        if (before && may_have(*before, here ? &here->owner : nullptr, *servers)) {
            if (Result<void> taken = take_addresses(before->page, *servers); !taken) {
                return fail(std::move(taken).error());
            }
        }
        if (!here) {
            return servers;
        }
        before = here;
    }
}

}  // namespace twinzone::service
