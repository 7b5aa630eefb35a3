// Keys of a container whose values have a form of their own.

struct ContainerReader {
    let node: JSONNode

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, _ diagnostics: inout Diagnostics
    ) -> Choice? where Choice.RawValue == String {
        guard let node = node.given(key), let text = node.text(&diagnostics) else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let known = Choice.allCases.map(\.rawValue)
        diagnostics.error(
            node.path,
            "\u{201C}\(text)\u{201D} stands here; one of \(known.joined(separator: ", ")) is wanted\(suggestion(for: text, among: known))"
        )
        return nil
    }

    /// A list of words, or a text for the shell.
    func words(_ key: String, _ diagnostics: inout Diagnostics) -> [String]? {
        guard let node = node.given(key) else { return nil }
        if node.isList { return node.texts(&diagnostics) }
        return node.text(&diagnostics, wanted: "a list of words, or a text for the shell").map {
            ["/bin/sh", "-c", $0]
        }
    }

    func texts(_ key: String, _ diagnostics: inout Diagnostics) -> [String: String] {
        var result: [String: String] = [:]
        for (name, value) in node.given(key)?.map(&diagnostics) ?? [] {
            if name.isEmpty || key == "environment" && name.contains("=") {
                diagnostics.error(value.path, "\u{201C}\(name)\u{201D} is no name here")
            }
            result[name] = value.text(&diagnostics)
        }
        return result
    }

    func list<Item>(
        _ key: String, _ diagnostics: inout Diagnostics,
        _ read: (String, DocumentPath, inout Diagnostics) -> Item?
    ) -> [Item] {
        guard let list = node.given(key) else { return [] }
        let items = list.isList ? list.items : [list]
        return items.compactMap { item in
            item.text(&diagnostics).flatMap { read($0, item.path, &diagnostics) }
        }
    }

    static func mount(_ text: String, _ path: DocumentPath, _ diagnostics: inout Diagnostics) -> ContainerSpec.Mount? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count), parts[1].hasPrefix("/"),
            parts[0].hasPrefix("/") || DecodedContainer.isName(parts[0])
        else {
            diagnostics.error(
                path,
                "\u{201C}\(text)\u{201D} is no volume; /HOST/PATH:/CONTAINER/PATH, or NAME:/CONTAINER/PATH, with :ro behind it where nothing is to be written"
            )
            return nil
        }
        let options = parts.count > 2 ? parts[2].split(separator: ",").map(String.init) : []
        let known = [
            "ro", "rw", "z", "Z", "nocopy", "private", "rprivate", "shared", "rshared", "slave", "rslave", "cached",
            "delegated", "consistent",
        ]
        for option in options where !known.contains(option) {
            diagnostics.error(
                path,
                "\u{201C}\(option)\u{201D} isn't known behind a volume\(suggestion(for: option, among: known)); ro is")
        }
        if parts[0].hasSuffix("/docker.sock") {
            diagnostics.warning(
                path,
                "who may talk to Docker is root on this host, and with this socket in it the container is; traefik's \u{201C}routes\u{201D}: \u{201C}file\u{201D} needs none"
            )
        }
        return ContainerSpec.Mount(source: parts[0], target: parts[1], options: options)
    }

    static func port(_ text: String, _ path: DocumentPath, _ diagnostics: inout Diagnostics) -> ContainerSpec.Port? {
        let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let transport = halves.count > 1 ? String(halves[1]) : "tcp"
        var parts = halves[0].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let container = parts.popLast().flatMap(Int.init)
        let host = parts.popLast().flatMap(Int.init)
        let address = parts.joined(separator: ":").filter { $0 != "[" && $0 != "]" }
        guard let container, let host, (1...65535).contains(container), (1...65535).contains(host),
            ["tcp", "udp", "sctp"].contains(transport)
        else {
            diagnostics.error(
                path,
                "\u{201C}\(text)\u{201D} is no port to publish; HOST:CONTAINER (80:8080), ADDRESS:HOST:CONTAINER, with /udp behind it where it isn't TCP"
            )
            return nil
        }
        return ContainerSpec.Port(address: address, host: host, container: container, transport: transport)
    }

    /// `512m`, `2g`, `1.5g`, or bytes.
    func bytes(_ key: String, from least: Int, _ diagnostics: inout Diagnostics) -> Int? {
        guard let node = node.given(key), let text = node.text(&diagnostics, wanted: "an amount (512m, 2g)") else {
            return nil
        }
        var rest = text.trimmingBlanks().lowercased()
        for ending in ["ib", "b"] where rest.hasSuffix(ending) && rest.count > ending.count {
            rest.removeLast(ending.count)
        }
        let units: [Character: Double] = ["k": 1024, "m": 1_048_576, "g": 1_073_741_824, "t": 1_099_511_627_776]
        let factor = rest.last.flatMap { units[$0] }
        if factor != nil { rest.removeLast() }
        guard let number = Double(rest), number.isFinite, number > 0, number * (factor ?? 1) < 1e15,
            Int(number * (factor ?? 1)) >= least
        else {
            diagnostics.error(
                node.path,
                "\u{201C}\(text)\u{201D} is no amount of memory; 512m or 2g would be, and \(least >= 1 << 20 ? "\(least >> 20)m" : "\(least >> 10)k") is the least"
            )
            return nil
        }
        return Int(number * (factor ?? 1))
    }

    func processors(_ diagnostics: inout Diagnostics) -> Int? {
        guard let node = node.given("cpus"), let text = node.text(&diagnostics) else { return nil }
        guard let number = Double(text.trimmingBlanks()), (0.01...1024).contains(number) else {
            diagnostics.error(node.path, "\u{201C}\(text)\u{201D} is no number of processors; 0.5 or 2 would be")
            return nil
        }
        return Int((number * 1e9).rounded())
    }

    func restart(_ diagnostics: inout Diagnostics) -> ContainerSpec.Restart? {
        guard let node = node.given("restart"), let text = node.text(&diagnostics) else { return nil }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let known = ["no", "always", "unless-stopped", "on-failure"]
        let tries = parts.count > 1 ? Int(parts[1]) : 0
        guard known.contains(parts[0]), let tries, tries >= 0, parts.count == 1 || parts[0] == "on-failure" else {
            // A boolean false, as YAML reads a plain no.
            if text == "false" { return ContainerSpec.Restart(policy: "no", mostTries: 0) }
            diagnostics.error(
                node.path,
                "\u{201C}\(text)\u{201D} stands here; no, always, unless-stopped, on-failure or on-failure:TRIES is wanted\(suggestion(for: parts[0], among: known))"
            )
            return nil
        }
        return ContainerSpec.Restart(policy: parts[0], mostTries: tries)
    }

    func health(_ diagnostics: inout Diagnostics) -> ContainerSpec.HealthCheck? {
        guard let node = node.given("health") else { return nil }
        if !node.isMap {
            guard let text = node.text(&diagnostics, wanted: "a map with a command, or none") else { return nil }
            if text == "none" { return ContainerSpec.HealthCheck(test: ["NONE"]) }
            diagnostics.error(
                node.path, "\u{201C}\(text)\u{201D} stands here; a map with a command, or none, is wanted")
            return nil
        }
        node.checkKeys(["command", "interval", "timeout", "startPeriod", "retries"], &diagnostics)
        guard let command = node.given("command") else {
            diagnostics.error(
                node.path, "it has no \u{201C}command\u{201D}, which ends with 0 while the container is well")
            return nil
        }
        let test =
            command.isList
            ? ["CMD"] + command.texts(&diagnostics) : command.text(&diagnostics).map { ["CMD-SHELL", $0] } ?? []
        return ContainerSpec.HealthCheck(
            test: test, interval: node.given("interval")?.duration(&diagnostics),
            timeout: node.given("timeout")?.duration(&diagnostics),
            startPeriod: node.given("startPeriod")?.duration(&diagnostics),
            retries: node.given("retries")?.whole(&diagnostics, 1...1000))
    }
}
