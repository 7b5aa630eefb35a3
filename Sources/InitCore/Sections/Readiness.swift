// readiness: {timeout, interval, checks: {NAME: {unit | http | tcp | command | container, …}}}. It stands in a config but belongs to the run:
// the checks of all chosen configs are asked once, after the last one.

package enum Readiness {
    package static let key = "readiness"

    package static let timeout = 600.0
    package static let interval = 1.0
    /// Where no config says what to wait for: as long as systemd itself gives a start.
    package static let timeoutOfUnits = 90.0

    /// Seconds. CloudFormation waits for a signal twelve hours at most.
    private static let timeouts = 1.0...43200
    private static let intervals = 0.1...3600
    private static let targets = ["unit", "http", "tcp", "command", "container"]
    private static let ofHTTP = ["socket", "host", "status", "body"]

    /// By name, with every mistake a diagnostic.
    static func checks(
        _ node: JSONNode, config: String, facts: HostFacts, containers: ContainerNames,
        _ diagnostics: inout Diagnostics
    ) -> [ReadinessCheck] {
        _ = node.map(&diagnostics)
        node.checkKeys(["timeout", "interval", "checks"], &diagnostics)
        let timeout = seconds("timeout", of: node, timeouts, &diagnostics) ?? timeout
        let interval = seconds("interval", of: node, intervals, &diagnostics) ?? interval
        let items = node.given("checks")?.map(&diagnostics) ?? []
        var checks: [ReadinessCheck] = []
        for (name, item) in items.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            var isTold = false
            for (name, item) in item.counted(name, facts, &diagnostics) {
                var own = Diagnostics(compatible: diagnostics.isCompatible)
                if checks.contains(where: { $0.id.name == name }) {
                    own.error(item.path, "another check is called \(name) too, once it is counted; rename one of them")
                }
                if let target = target(item, name, &own) {
                    if case .container(let name) = target, let path = item.given("container")?.path {
                        containers.look(for: name, at: path, &own)
                    }
                    checks.append(
                        ReadinessCheck(
                            ResourceID(config: config, section: key, name: name), target,
                            timeout: seconds("timeout", of: item, timeouts, &own) ?? timeout,
                            interval: seconds("interval", of: item, intervals, &own) ?? interval))
                }
                // The others of its count would only say the same.
                if !isTold || own.hasErrors { diagnostics.merge(own) }
                isTold = isTold || !own.items.isEmpty
                if own.hasErrors { break }
            }
        }
        return checks
    }

    private static func seconds(
        _ key: String, of node: JSONNode, _ range: ClosedRange<Double>, _ diagnostics: inout Diagnostics
    ) -> Double? {
        guard let node = node.given(key), let seconds = node.duration(&diagnostics) else { return nil }
        if range.contains(seconds) { return seconds }
        diagnostics.error(
            node.path,
            "\(durationText(seconds)) stands here; a duration from \(durationText(range.lowerBound)) to \(durationText(range.upperBound)) is wanted"
        )
        return nil
    }

    // MARK: What is asked

    private static func target(
        _ node: JSONNode, _ name: String, _ diagnostics: inout Diagnostics
    ) -> ReadinessCheck.Target? {
        guard node.isMap else {
            node.complain("a map with one of unit, http, tcp, command, container", &diagnostics)
            return nil
        }
        node.checkKeys(targets + ofHTTP + ["timeout", "interval", "count"], &diagnostics)
        let given = targets.filter { node.given($0) != nil }
        guard let key = given.first, given.count == 1, let wish = node.given(key) else {
            // A slip in its name has been told.
            if given.isEmpty, diagnostics.hasErrors { return nil }
            diagnostics.error(
                node.path,
                given.isEmpty
                    ? "it says nothing to check; one of unit, http, tcp, command, container is wanted"
                    : "\(given.joined(separator: " and ")) stand side by side; a check asks for one thing, so make them checks of their own"
            )
            return nil
        }
        for other in ofHTTP where key != "http" {
            if let stray = node.given(other) { diagnostics.error(stray.path, "\(other) goes with http only") }
        }
        switch key {
        case "unit": return unit(wish, &diagnostics)
        case "http": return httpCheck(wish, in: node, &diagnostics).map { .http($0) }
        case "tcp": return port(wish, &diagnostics)
        case "command":
            return CommandAttributes.program(wish, &diagnostics).map { .command(Command("Check \(name)", $0)) }
        default: return wish.text(&diagnostics, wanted: "a container's name").map { .container($0) }
        }
    }

    private static func unit(_ node: JSONNode, _ diagnostics: inout Diagnostics) -> ReadinessCheck.Target? {
        guard let name = node.text(&diagnostics, wanted: "a unit's name") else { return nil }
        guard !name.isEmpty, !name.hasPrefix("-"), !name.contains(where: { $0 == "/" || $0.isWhitespace }) else {
            diagnostics.error(node.path, "\u{201C}\(name)\u{201D} is no name of a unit; nginx.service is one")
            return nil
        }
        return .unit(name, .systemd)
    }

    private static func port(_ node: JSONNode, _ diagnostics: inout Diagnostics) -> ReadinessCheck.Target? {
        guard let text = node.text(&diagnostics, wanted: "host:port") else { return nil }
        guard let place = HostAndPort(text), let port = place.port else {
            diagnostics.error(
                node.path, "\u{201C}\(text)\u{201D} is no host:port; 127.0.0.1:443, localhost:443 and [::1]:443 are")
            return nil
        }
        return .tcp(host: place.host, port: port)
    }
}

/// `host`, `host:port`, `[v6]:port`.
struct HostAndPort: Sendable, Equatable {
    /// Without the brackets of an IPv6 address.
    let host: String
    let port: Int?

    /// Nil for anything that isn't one.
    init?(_ text: String) {
        var rest = text[...]
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            host = String(rest[rest.index(after: rest.startIndex)..<end])
            rest = rest[rest.index(after: end)...]
            guard host.contains(":"), host.allSatisfy({ $0.isHexDigit || ":.%".contains($0) }) else { return nil }
        } else {
            host = String(rest.prefix { $0 != ":" })
            rest = rest.dropFirst(host.count)
            let isName = host.utf8.allSatisfy { byte in
                byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
                    || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") || "-._".utf8.contains(byte)
            }
            guard !host.isEmpty, isName else { return nil }
        }
        if rest.isEmpty {
            port = nil
        } else {
            let digits = rest.dropFirst()
            guard rest.hasPrefix(":"), digits.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(digits),
                (1...65535).contains(number)
            else { return nil }
            port = number
        }
    }
}
