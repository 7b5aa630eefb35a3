// One connection to systemd, for one thread at a time. As root through systemd's own socket, which is there without a
// D-Bus daemon; else over the system bus.

import CSystemd
import Glibc
import InitCore

final class BusConnection {
    /// Where systemd listens itself; root alone may enter.
    private static let privateSocket = "/run/systemd/private"
    private static let manager = "/org/freedesktop/systemd1"
    private static let destination = "org.freedesktop.systemd1"

    let bus: OpaquePointer
    private let isPrivate: Bool
    private var subscription: OpaquePointer?
    /// How jobs have ended since the connection was subscribed: by their path, systemd's word for it.
    var ended: [String: String] = [:]

    /// - Throws: `Failure(.unreadable)` that tells why neither way is open.
    static func open() throws -> BusConnection {
        var refusals: [String] = []
        for isPrivate in geteuid() == 0 ? [true, false] : [false] {
            do {
                return try BusConnection(isPrivate: isPrivate)
            } catch let error as BusError {
                refusals.append("\(isPrivate ? privateSocket : "the system bus"): \(error.description)")
            }
        }
        throw Failure(.unreadable, "systemd doesn't let itself be asked: \(refusals.joined(separator: "; "))")
    }

    private init(isPrivate: Bool) throws {
        var made: OpaquePointer?
        if isPrivate {
            try checked(sd_bus_new(&made))
        } else {
            try checked(sd_bus_open_system(&made))
        }
        guard let made else { throw BusError(-ENOMEM) }
        bus = made
        self.isPrivate = isPrivate
        if isPrivate {
            try checked(sd_bus_set_address(bus, "unix:path=\(Self.privateSocket)"))
            try checked(sd_bus_start(bus))
        }
        // Only an answer shows that somebody is there.
        _ = try call("/", "org.freedesktop.DBus.Peer", "Ping")
    }

    deinit {
        sd_bus_slot_unref(subscription)
        sd_bus_flush_close_unref(bus)
    }

    var isOpen: Bool { sd_bus_is_open(bus) > 0 }

    /// - Parameter timeout: seconds.
    /// - Throws: `BusError`.
    func call(
        _ path: String, _ interface: String, _ method: String, timeout: Double = 30,
        _ write: (BusMessage) throws -> Void = { _ in }
    ) throws -> BusMessage {
        var made: OpaquePointer?
        try checked(sd_bus_message_new_method_call(bus, &made, Self.destination, path, interface, method))
        guard let made else { throw BusError(-ENOMEM) }
        let request = BusMessage(owning: made)
        try write(request)
        var error = sd_bus_error()
        defer { sd_bus_error_free(&error) }
        var reply: OpaquePointer?
        let code = sd_bus_call(bus, request.pointer, UInt64(timeout * 1e6), &error, &reply)
        guard code >= 0, let reply else {
            guard let name = error.name else { throw BusError(code) }
            throw BusError(
                name: String(cString: name),
                text: error.message.map { String(cString: $0) } ?? String(cString: strerror(-code)))
        }
        return BusMessage(owning: reply)
    }

    /// Of the manager itself.
    func call(
        _ method: String, timeout: Double = 30, _ write: (BusMessage) throws -> Void = { _ in }
    ) throws -> BusMessage {
        try call(Self.manager, "org.freedesktop.systemd1.Manager", method, timeout: timeout, write)
    }

    // MARK: Asking

    /// Of a unit, loaded for it where it isn't yet. One round trip.
    func properties(of unit: String, interface: String = "Unit", _ wanted: Set<String>) throws -> [String: String] {
        var path: UnsafeMutablePointer<CChar>?
        try checked(sd_bus_path_encode("\(Self.manager)/unit", unit, &path))
        defer { free(path) }
        let place = path.map { String(cString: $0) } ?? ""
        return try call(place, "org.freedesktop.DBus.Properties", "GetAll") {
            try $0.append("org.freedesktop.systemd1.\(interface)")
        }.properties(wanted)
    }

    /// Of the manager; nil: this systemd has none of that name.
    func property(_ name: String) throws -> String? {
        do {
            return try call(Self.manager, "org.freedesktop.DBus.Properties", "Get") {
                try $0.append("org.freedesktop.systemd1.Manager")
                try $0.append(name)
            }.variant()
        } catch let error as BusError where error.name == "org.freedesktop.DBus.Error.UnknownProperty" {
            return nil
        }
    }

    // MARK: Jobs' ends

    /// From here on `ended` is filled. To be called before a job is asked for: a quick one ends before its answer is read.
    func subscribe() throws {
        guard subscription == nil else { return }
        // To its own socket systemd tells everything.
        if !isPrivate { _ = try call("Subscribe") }
        let match = "type='signal',interface='org.freedesktop.systemd1.Manager',member='JobRemoved'"
        let heard: sd_bus_message_handler_t = { message, connection, _ in
            guard let message, let connection else { return 0 }
            let signal = BusMessage(owning: sd_bus_message_ref(message))
            if (try? signal.number()) != nil, let job = try? signal.path(), (try? signal.text()) != nil,
                let result = try? signal.text()
            {
                Unmanaged<BusConnection>.fromOpaque(connection).takeUnretainedValue().ended[job] = result
            }
            return 0
        }
        try checked(sd_bus_add_match(bus, &subscription, match, heard, Unmanaged.passUnretained(self).toOpaque()))
    }

    /// Takes in what has arrived.
    func process() throws { while try checked(sd_bus_process(bus, nil)) > 0 {} }

    /// Waits for news, for so many seconds at most, or until the descriptor is readable.
    func wait(_ seconds: Double, or descriptor: Int32) throws {
        var limit = seconds
        var due: UInt64 = 0
        // On CLOCK_MONOTONIC; UINT64_MAX for never.
        if try checked(sd_bus_get_timeout(bus, &due)) > 0, due != .max {
            limit = max(0, min(limit, Double(due) / 1e6 - monotonicSeconds()))
        }
        let events = Int16(truncatingIfNeeded: try checked(sd_bus_get_events(bus)))
        var descriptors = [
            pollfd(fd: try checked(sd_bus_get_fd(bus)), events: events, revents: 0),
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
        ]
        poll(&descriptors, nfds_t(descriptors.count), Int32(limit * 1000) + 1)
    }
}
