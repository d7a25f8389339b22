#include "tests/sim/network.h"

#include <algorithm>

namespace twinzone::sim {

void Network::send(Host from, Host to, const Bytes& datagram,
                   const std::function<void(Bytes)>& deliver) {
    if (tap_) {
        tap_(from, to, datagram, false);
    }
    const unsigned copies = world_.chance(faults_.double_percent) ? 2 : 1;
    if (copies > 1) {
        world_.count("datagram doubled");
    }
    for (unsigned i = 0; i < copies; ++i) {
        if (is_blocked(from, to)) {
            world_.count("datagram stopped by a partition");
            continue;
        }
        if (world_.chance(faults_.loss_percent)) {
            world_.count("datagram lost");
            continue;
        }
        world_.after_at(to, delay(), [datagram, deliver] { deliver(datagram); });
    }
}

std::shared_ptr<Connection> Network::connect(
    Host from, Host to, std::function<bool(std::shared_ptr<Connection>)> on_accept,
    std::function<void()> on_connected) {
    auto client = std::make_shared<Connection>();
    auto server = std::make_shared<Connection>();
    for (const auto& [end, peer] : {std::pair{client, server}, std::pair{server, client}}) {
        end->network_ = this;
        end->peer_ = peer;
        end->host_ = end == client ? from : to;
        end->peer_host_ = end == client ? to : from;
    }
    const bool cut = world_.chance(faults_.cut_percent);
    server->cut_after_ = cut ? static_cast<std::int64_t>(world_.random().below(3000)) : -1;
    server->stalled_ = !cut && world_.chance(faults_.stall_percent);
    if (server->stalled_) {
        world_.count("connection stalled");
    }
    world_.after_at(to, delay() * 2,
                    [this, client, server, from, to, on_accept = std::move(on_accept),
                     on_connected = std::move(on_connected)] {
                        if (!client->is_open() || is_blocked(from, to) || is_blocked(to, from)) {
                            return;  // the client gives up by its own clock
                        }
                        if (!on_accept(server)) {
                            client->handle_closed();  // refused
                            return;
                        }
                        if (world_.is_paused(from)) {
                            world_.after_at(from, Duration{0}, on_connected);
                        } else {
                            world_.run_as(from, on_connected);
                        }
                    });
    return client;
}

void Connection::write(Bytes bytes) {
    const std::shared_ptr<Connection> peer = peer_.lock();
    if (!open_ || !peer || stalled_ || network_->is_blocked(host_, peer_host_)) {
        stalled_ = true;  // what is lost on the way is lost with all that follows
        return;
    }
    if (network_->tap_) {
        network_->tap_(host_, peer_host_, bytes, true);
    }
    const bool cuts = cut_after_ >= 0 && static_cast<std::int64_t>(bytes.size()) > cut_after_;
    if (cuts) {
        bytes.resize(static_cast<std::size_t>(cut_after_));
    } else if (cut_after_ >= 0) {
        cut_after_ -= static_cast<std::int64_t>(bytes.size());
    }
    World& world = network_->world_;
    std::size_t at = 0;
    while (at < bytes.size()) {
        const std::size_t piece =
            std::min<std::size_t>(bytes.size() - at, 1 + world.random().below(1500));
        Bytes part(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                   bytes.begin() + static_cast<std::ptrdiff_t>(at + piece));
        at += piece;
        const Duration from_now =
            std::max(network_->delay(), last_arrival_ - world.now().instant.since_start());
        last_arrival_ = world.now().instant.since_start() + from_now;
        world.after_at(peer_host_, from_now,
                       [peer, part = std::move(part)] { peer->deliver(part); });
    }
    if (cuts) {
        world.count("connection cut");
        const Duration last =
            std::max(last_arrival_ - world.now().instant.since_start(), Duration{0});
        world.after_at(peer_host_, last, [peer] { peer->handle_closed(); });
        world.after_at(host_, last, [self = shared_from_this()] { self->handle_closed(); });
    }
}

void Connection::deliver(Bytes bytes) {
    if (open_ && events_.on_bytes) {
        const Events events = events_;  // the call may replace or end it
        events.on_bytes(bytes);
    }
}

void Connection::close() {
    if (!std::exchange(open_, false)) {
        return;
    }
    events_ = {};
    if (const std::shared_ptr<Connection> peer = peer_.lock()) {
        World& world = network_->world_;  // behind all that was written
        const Duration last = last_arrival_ - world.now().instant.since_start();
        world.after_at(peer_host_, std::max(network_->delay(), last),
                       [peer] { peer->handle_closed(); });
    }
}

void Connection::handle_closed() {
    if (!std::exchange(open_, false)) {
        return;
    }
    const Events events = std::exchange(events_, {});
    if (events.on_closed) {
        events.on_closed();
    }
}

}  // namespace twinzone::sim
