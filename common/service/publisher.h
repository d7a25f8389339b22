// Answers the requests of peers from the store: SOA, AXFR, IXFR, NOTIFY; everything else is
// refused. Sans-I/O: a request goes in, an answer comes out; the server and the simulator carry
// both. Order of checks: signature, form, zone, access, quota (an unauthorised client never takes a
// place from one that is).
//
// RFC 5936 §2.2 (AXFR), RFC 1995 §2 (IXFR, UDP), RFC 1996 §3.12 (NOTIFY answers), RFC 7314
// (EXPIRE), RFC 8914 (why a request is refused, to those who speak EDNS), RFC 5001 (NSID), RFC 7873
// (cookies), RFC 9660 (ZONEVERSION), RFC 4035 §3.1 (the SOA's RRSIG with DO).
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "common/dns/cookie.h"
#include "common/dns/name_table.h"
#include "common/dns/tsig.h"
#include "common/service/outgoing_transfer.h"
#include "common/service/request.h"
#include "common/transfer/access_rules.h"
#include "common/zone/version_store.h"

namespace twinzone::service {

// What is known of zones that are followed, beside the store. A Follower.
class SecondaryView {
  public:
    virtual ~SecondaryView() = default;

    // How long the zone may still be served; 0 or less: expired. nullopt: for ever, or not
    // followed.
    [[nodiscard]] virtual std::optional<seconds> expires_in(Now now, dns::NameView zone) const = 0;

    // Why the last round of checks of the zone failed; nullopt: it did not, or it is not followed.
    [[nodiscard]] virtual std::optional<Errc> last_fault(dns::NameView zone) const = 0;

    // The RCODE to answer a NOTIFY with; nullopt: no answer.
    [[nodiscard]] virtual std::optional<dns::Rcode> handle_notify(Now now,
                                                                  const dns::Message& notify,
                                                                  const transfer::Peer& peer,
                                                                  const Endpoint& from) = 0;
};

enum class RefusalKind : std::uint8_t {
    bad_request,  // signature or form
    not_served,   // class, type, NOTIFY where none is heard
    unknown_zone,
    denied,          // allow-transfer
    quota,           // transfers-out
    unavailable,     // no version, expired, store
    notify_refused,  // by the follower
};

// Something a peer was refused, or did wrong: for the log.
struct Refusal {
    Endpoint peer;
    RefusalKind kind{};
    std::string text;
    std::optional<Errc> fault{};      // of a bad request
    std::optional<dns::Name> zone{};  // set where a transfer of a zone of ours was asked for
    std::string key{};                // with it: the key that signed; empty: unsigned
    bool over_tls = false;            // with it
    std::string why{};                // with it: without zone, type and key
    dns::RrType type{};               // with it
};

// A client that may have the zone asked about it: what that shows of it.
struct Contact {
    dns::Name zone;
    Endpoint peer;
    dns::TsigKeyPtr key;
    dns::RrType type{};                 // SOA, AXFR or IXFR
    std::optional<dns::Serial> serial;  // IXFR: what it holds
};

// Where all places of transfers are taken: who can give one of them to a newcomer.
class TransferRoom {
  public:
    virtual ~TransferRoom() = default;

    // Ends one transfer whose client takes nothing; false where there is none. transfer_ended() is
    // called within.
    [[nodiscard]] virtual bool make_room() = 0;
};

// Not thread-safe. Borrows the store, and the view where there is one, for its life.
class Publisher {
  public:
    // `view` is null where no zone is followed. `max_transfers`: at one time. `names` is shared
    // with other parts that know the same zones.
    Publisher(zone::VersionStore& store, dns::TsigKeyring keyring, SecondaryView* view,
              std::uint32_t max_transfers,
              dns::NameTablePtr names = std::make_shared<dns::NameTable>());

    // Other keys and another limit from now on; transfers under way go on.
    void set_keys(dns::TsigKeyring keyring) { keyring_ = std::move(keyring); }
    void set_max_transfers(std::uint32_t max_transfers) noexcept { max_transfers_ = max_transfers; }

    // Asked before a client is turned away for the limit. Borrowed; null: nobody.
    void use_room(TransferRoom* room) noexcept { room_ = room; }

    // Our name for who asks for it (RFC 5001); empty: it is not told.
    void set_nsid(std::string nsid) { nsid_ = std::move(nsid); }

    // Answers cookies from now on (RFC 7873): the secret of ours.
    void use_cookies(const dns::CookieSecret& secret) { cookies_.emplace(secret); }

    // Serves the zone from now on to those the rules allow; again: with other rules.
    void put_zone(dns::NameView zone, transfer::AccessRules allow_transfer);
    void remove_zone(dns::NameView zone);

    // No answer (drop it), one message, or many (TCP only). The caller calls transfer_ended() once
    // for each of the last kind.
    using Answer = std::variant<std::monostate, Bytes, std::unique_ptr<OutgoingTransfer>>;

    // `request` is edited in place (its TSIG is taken off).
    [[nodiscard]] Answer answer(Now now, const Source& source, std::span<std::uint8_t> request);

    void transfer_ended() noexcept { --transfers_; }
    [[nodiscard]] std::uint32_t transfers() const noexcept { return transfers_; }

    // What was refused since the last call; at most kMaxRefusals, later ones are only dropped.
    [[nodiscard]] std::vector<Refusal> take_refusals() { return std::exchange(refusals_, {}); }

    // Who asked since the last call; bounded likewise.
    [[nodiscard]] std::vector<Contact> take_contacts() { return std::exchange(contacts_, {}); }

    // The transfer that the last answer was the whole of, over UDP; null: it was none.
    [[nodiscard]] std::unique_ptr<OutgoingTransfer> take_datagram() { return std::move(datagram_); }

  private:
    [[nodiscard]] bool answer_standing_options(Now now, Request& request) const;
    Answer route(Now now, Request& request);
    Answer answer_query(Now now, Request& request);
    Answer answer_notify(Now now, Request& request);
    Answer answer_soa(Now now, Request& request);
    Answer answer_transfer(Now now, Request& request);
    Answer start_transfer(Now now, Request& request, transfer::TransferRequest asked,
                          std::shared_ptr<const zone::Snapshot> snapshot);
    // What is said to who is refused (`told`), and to the log, where `why` is more than that.
    struct Denial {
        dns::Rcode rcode{};
        RefusalKind kind{};
        dns::ExtendedErrorCode code{};
        std::string_view told;
        std::string why{};
    };
    Answer refuse(Now now, Request& request, const Denial& denial);
    [[nodiscard]] static Denial trouble_with_store(const Error& error);
    void note_refusal(const Request& request, RefusalKind kind, const std::string& why);
    Answer answer_unavailable(Now now, Request& request, bool has_expired);
    void note(Refusal refusal);
    void note_contact(const Request& request, std::optional<dns::Serial> serial);
    void answer_zone_options(Now now, const Request& request, const zone::Version& version,
                             std::optional<dns::Edns>& edns) const;
    void answer_digest(const Request& request, const zone::Version& version,
                       std::optional<dns::Edns>& edns) const;
    void add_signatures(const dns::Name& zone, std::vector<dns::Record>& answer);
    [[nodiscard]] bool is_expired(Now now, dns::NameView zone) const;
    [[nodiscard]] bool is_within_a_zone(dns::NameView name) const;
    [[nodiscard]] bool is_ours(dns::NameView zone) const noexcept;
    // Those that allow nobody where it is none of ours.
    [[nodiscard]] transfer::AccessRules rules_of(dns::NameView zone) const noexcept;

    zone::VersionStore& store_;
    dns::TsigKeyring keyring_;
    SecondaryView* view_;
    std::uint32_t max_transfers_;
    std::uint32_t transfers_ = 0;
    TransferRoom* room_ = nullptr;
    dns::NameTablePtr names_;
    dns::SharedByNumber<std::vector<transfer::AccessRule>> zones_;  // null: not ours
    std::string nsid_;
    std::optional<dns::CookieServer> cookies_;
    std::vector<Refusal> refusals_;
    std::vector<Contact> contacts_;
    std::unique_ptr<OutgoingTransfer> datagram_;
};

inline constexpr std::size_t kMaxRefusals = 1000;
inline constexpr std::size_t kMaxContacts = 1000;

}  // namespace twinzone::service
