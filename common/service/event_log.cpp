#include "common/service/event_log.h"

#include <fmt/format.h>

#include "common/observe/event_text.h"
#include "common/service/hold_text.h"

namespace twinzone::service {

namespace {

using observe::Level;

std::string serial_text(const std::optional<dns::Serial>& serial) {
    return serial ? fmt::format("{}", serial->value()) : "none";
}

std::string result_text(const TransferEnded& event) {
    if (event.error) {
        return fmt::format("failed: {}{}", event.error->detail(),
                           event.falls_back_to_axfr ? ", AXFR follows" : "");
    }
    return event.up_to_date ? "up to date" : "finished";
}

observe::TransferType type_of(TransferType asked, TransferType got) {
    if (asked == TransferType::axfr) {
        return observe::TransferType::axfr;
    }
    return got == TransferType::axfr ? observe::TransferType::ixfr_as_axfr
                                     : observe::TransferType::ixfr;
}

std::string held_line(const zone::HeldVersion& held) {
    return fmt::format("{}, digest {}; 'approve' publishes it, 'reject' drops it",
                       held_text(held, 0), held.version.digest.to_text());
}

class EventWriter {
  public:
    EventWriter(observe::Log& log, const dns::Name& zone) : log_(log), zone_(zone.to_text()) {}

    void operator()(const SoaChecked& event) {
        if (event.error) {
            log_.zone(Level::warning, zone_,
                      fmt::format("SOA check failed: {}", event.error->detail()));
        } else {
            log_.zone(Level::debug, zone_,
                      fmt::format("SOA check, remote {}, serial {}", event.remote.to_text(),
                                  serial_text(event.serial)));
        }
    }

    void operator()(const TransferEnded& event) {
        observe::TransferFacts facts;
        facts.type = type_of(event.asked, event.got);
        facts.remote = event.remote;
        facts.key = event.key;
        facts.tls = event.tls;
        facts.result = result_text(event);
        facts.from = event.from;
        facts.to = event.to;
        if (!event.error && !event.up_to_date) {
            facts.added = event.added;
            facts.removed = event.removed;
        }
        facts.messages = event.messages;
        facts.bytes = event.bytes;
        facts.took = event.took;
        log_.zone(event.error ? Level::warning : Level::info, zone_, observe::transfer_text(facts));
        warn_of_oddities(event);
    }

    void operator()(const NotifyAccepted& event) {
        log_.zone(Level::info, zone_,
                  fmt::format("NOTIFY, incoming, remote {}, serial {}", event.from.to_text(),
                              serial_text(event.serial)));
    }

    void operator()(const VersionPublished& event) {
        log_.zone(Level::info, zone_,
                  fmt::format("published, serial {} -> {}, {} records, digest {}",
                              serial_text(event.replaced), event.version.serial().value(),
                              event.version.records, event.version.digest.to_text()));
    }

    void operator()(const VersionHeld& event) {
        log_.zone(Level::warning, zone_, held_line(event.held));
    }

    // That a version waits was said when it was held, or the zone frozen.
    void operator()(const RoundEnded& event) {
        if (event.error) {
            const bool waits =
                event.error->code() == Errc::zone_held || event.error->code() == Errc::zone_frozen;
            log_.zone(waits ? Level::debug : Level::warning, zone_,
                      fmt::format("not refreshed: {}", event.error->detail()));
        }
    }

    void operator()(const ZoneExpired&) {
        log_.zone(Level::error, zone_,
                  "expired: no primary confirmed it in time; it is no longer served");
    }

  private:
    void warn_of_oddities(const TransferEnded& event) {
        if (event.left_out > 0) {
            log_.zone(Level::warning, zone_,
                      fmt::format("{} records outside the zone were left out, remote {}",
                                  event.left_out, event.remote.to_text()));
        }
        if (event.already_there > 0) {
            log_.zone(Level::notice, zone_,
                      fmt::format("{} added records were there already, remote {}",
                                  event.already_there, event.remote.to_text()));
        }
        if (event.not_authoritative) {
            log_.zone(Level::notice, zone_,
                      fmt::format("the answer has AA clear, remote {}", event.remote.to_text()));
        }
    }

    observe::Log& log_;
    std::string zone_;
};

}  // namespace

void log_event(observe::Log& log, const FollowerEvent& event) {
    EventWriter writer{log, event.zone};
    std::visit(writer, event.what);
}

void log_held(observe::Log& log, const dns::Name& zone, const zone::HeldVersion& held) {
    log.zone(Level::warning, zone.to_text(), held_line(held));
}

void log_transfer_end(observe::Log& log, const ClientSession::TransferEnd& end) {
    const OutgoingTransfer& transfer = end.transfer;
    const bool ixfr = transfer.request().question().type == dns::RrType::ixfr;
    const bool full = transfer.writer().plan() == transfer::TransferPlan::full;
    observe::TransferFacts facts;
    facts.direction = observe::TransferDirection::outgoing;
    facts.type = type_of(ixfr ? TransferType::ixfr : TransferType::axfr,
                         full ? TransferType::axfr : TransferType::ixfr);
    facts.remote = transfer.request().source().peer;
    facts.tls = transfer.request().source().over_tls;
    facts.key =
        transfer.request().key() ? transfer.request().key()->name().to_text() : std::string{};
    facts.result = end.error ? fmt::format("failed: {}", end.error->detail()) : "finished";
    facts.from = transfer.from();
    facts.to = transfer.serial();
    facts.messages = transfer.messages();
    facts.bytes = transfer.bytes();
    facts.took = end.took;
    log.zone(end.error ? Level::warning : Level::info, transfer.zone().to_text(),
             observe::transfer_text(facts));
}

void log_announced(observe::Log& log, const Announced& announced) {
    const std::string zone = announced.zone.to_text();
    const std::string to =
        fmt::format("remote {} ({})", announced.endpoint.to_text(), announced.remote);
    if (announced.error) {
        log.zone(Level::warning, zone,
                 fmt::format("NOTIFY, outgoing, {}, answer not believed: {}", to,
                             announced.error->detail()));
        return;
    }
    switch (announced.verdict) {
        case transfer::NotifyVerdict::delivered:
            log.zone(Level::info, zone,
                     fmt::format("NOTIFY, outgoing, {}, answered, serial {}", to,
                                 announced.serial.value()));
            return;
        case transfer::NotifyVerdict::refused:
            log.zone(Level::warning, zone,
                     fmt::format("NOTIFY, outgoing, {}, refused, serial {}", to,
                                 announced.serial.value()));
            return;
        case transfer::NotifyVerdict::retrying:
            log.zone(Level::notice, zone,
                     fmt::format("NOTIFY, outgoing, {}, will be repeated, serial {}", to,
                                 announced.serial.value()));
            return;
    }
}

void log_refusal(observe::Log& log, const Refusal& refusal, Instant now) {
    log.peer_fault(Level::notice, refusal.kind,
                   fmt::format("remote {}, {}", refusal.peer.to_text(), refusal.text), now);
}

}  // namespace twinzone::service
