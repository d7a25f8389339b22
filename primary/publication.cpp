#include "primary/publication.h"

#include "primary/serial_policy.h"

namespace twinzone::primary {

namespace {

// True where only the serial may differ.
bool same_but_serial(const dns::SoaRecord& a, const dns::SoaRecord& b) {
    dns::SoaRecord with_serial_of_a = b;
    with_serial_of_a.serial = a.serial;
    return a.ttl == b.ttl && a.rdata() == with_serial_of_a.rdata();
}

// Content as in service: only an operator who keeps serials by hand can mean something by another
// serial.
bool nothing_to_publish(config::SerialPolicy policy, dns::Serial current, dns::Serial written) {
    switch (policy) {
        case config::SerialPolicy::keep: return current == written;
        case config::SerialPolicy::increment: return !dns::is_newer(written, current);
        case config::SerialPolicy::unixtime:
        case config::SerialPolicy::date: return true;
    }
    TWINZONE_UNREACHABLE();
}

// True where reading the file again would lead to `version` again.
bool is_version(config::SerialPolicy policy, const zone::Version& version,
                const LoadedZone& loaded) {
    return same_but_serial(version.soa, loaded.soa) &&
           content_of(version) == loaded.content_under(version.serial()) &&
           nothing_to_publish(policy, version.serial(), loaded.soa.serial);
}

}  // namespace

zone::Digest content_of(const zone::Version& version) {
    zone::Digest content = version.digest;
    content.remove(version.soa.record().view());
    return content;
}

Judged judged_before(config::SerialPolicy policy, const zone::ZoneHold* hold,
                     const LoadedZone& loaded) {
    if (hold != nullptr && hold->held && is_version(policy, hold->held->version, loaded)) {
        return Judged::held;
    }
    if (hold != nullptr && hold->rejected && is_version(policy, hold->rejected->version, loaded)) {
        return Judged::rejected;
    }
    return Judged::no;
}

Result<std::optional<dns::SoaRecord>> plan_publication(config::SerialPolicy policy,
                                                       const std::optional<zone::Version>& current,
                                                       const LoadedZone& loaded, UnixTime now) {
    if (current && is_version(policy, *current, loaded)) {
        return std::optional<dns::SoaRecord>{};
    }
    Result<dns::Serial> serial = choose_serial(
        policy, current ? std::optional{current->serial()} : std::nullopt, loaded.soa.serial, now);
    if (!serial) {
        return fail(std::move(serial).error());
    }
    dns::SoaRecord soa = loaded.soa;
    soa.serial = *serial;
    return std::optional{std::move(soa)};
}

}  // namespace twinzone::primary
