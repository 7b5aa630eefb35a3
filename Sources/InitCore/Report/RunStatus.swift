// Where a run is, or how the last one went: what `ide-init status` tells, to anybody on the machine. Without secrets.

package struct RunStatus: Sendable, Equatable {
    package enum State: String, Sendable {
        case running
        case done
        case failed
    }

    package struct Timing: Sendable, Equatable {
        package var item: String
        package var config: String
        package var seconds: Double
    }

    /// As many as somebody wants to read.
    private static let mostTimings = 50

    package var state = State.running
    /// Where the document came from.
    package var source: String
    package var configSets: [String]
    /// Seconds since 1970.
    package var started: Double
    package var ended: Double?
    package var items: Int
    package var finished = 0
    package var config = ""
    /// The item under way, and since when.
    package var current: (item: String, since: Double)?
    package var counts: [Report.Outcome: Int] = [:]
    /// The slowest ones, the slowest first.
    package var timings: [Timing] = []
    package var error: String?
    /// By which to see whether a run that says it is running still is.
    package var process: Int
    package var processStart: String

    package init(
        source: String, configSets: [String], items: Int, started: Double, process: Int, processStart: String
    ) {
        self.source = source
        self.configSets = configSets
        self.items = items
        self.started = started
        self.process = process
        self.processStart = processStart
    }

    // MARK: Becoming

    /// - Parameter now: seconds since 1970.
    package mutating func record(_ event: Engine.Event, now: Double) {
        switch event {
        case .setStarted: break
        case .configStarted(let name): config = name
        case .itemStarted(let id): current = ("\(id)", now)
        case .readinessStarted: config = Readiness.key
        case .waiting(let checks): current = (checks.text, current?.since ?? now)
        case .checkFinished(let result):
            note(Timing(item: "\(result.check.id)", config: config, seconds: result.duration))
        case .itemFinished(let item):
            finished += 1
            current = nil
            counts[item.outcome, default: 0] += 1
            note(Timing(item: "\(item.id)", config: item.id.config, seconds: item.duration))
        }
    }

    private mutating func note(_ timing: Timing) {
        if timings.count == Self.mostTimings, let last = timings.last, last.seconds >= timing.seconds { return }
        let place = timings.firstIndex { $0.seconds < timing.seconds } ?? timings.count
        timings.insert(timing, at: place)
        if timings.count > Self.mostTimings { timings.removeLast() }
    }

    /// - Parameter failure: what kept the run from its end, or from beginning.
    package mutating func end(failure: String?, now: Double) {
        state = failure == nil ? .done : .failed
        error = failure
        current = nil
        ended = now
    }

    /// A run that can't have written its end itself.
    package mutating func markBrokenOff() {
        state = .failed
        error = "it ended without a word: killed, or the machine went down"
    }

    package static func == (left: Self, right: Self) -> Bool { left.json == right.json }
}

// MARK: As JSON

extension RunStatus {
    package var json: JSONValue {
        func number(_ seconds: Double) -> JSONValue { .number(JSONNumber("\(Int((seconds * 1000).rounded()))")) }
        var object = JSONObject([
            ("format", .number(JSONNumber("1"))), ("state", .string(state.rawValue)), ("source", .string(source)),
            ("configSets", .array(configSets.map(JSONValue.string))), ("startedMs", number(started)),
            ("items", .number(JSONNumber("\(items)"))), ("finished", .number(JSONNumber("\(finished)"))),
        ])
        if let ended { object["endedMs"] = number(ended) }
        if !config.isEmpty { object["config"] = .string(config) }
        if let current {
            object["current"] = .object(
                JSONObject([("item", .string(current.item)), ("sinceMs", number(current.since))]))
        }
        object["summary"] = .object(
            JSONObject(
                counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { ($0.rawValue, .number(JSONNumber("\($1)"))) })
        )
        object["timings"] = .array(
            timings.map {
                .object(
                    JSONObject([
                        ("item", .string($0.item)), ("config", .string($0.config)), ("durationMs", number($0.seconds)),
                    ]))
            })
        if let error { object["error"] = .string(error) }
        object["process"] = .number(JSONNumber("\(process)"))
        object["processStart"] = .string(processStart)
        return .object(object)
    }

    /// Nil for anything but what `json` gave.
    package init?(_ value: JSONValue) {
        let node = JSONNode(value)
        func text(_ node: JSONNode?) -> String? { if case .string(let text)? = node?.value { text } else { nil } }
        func whole(_ node: JSONNode?) -> Int? {
            if case .number(let number)? = node?.value { Int(number.text) } else { nil }
        }
        func seconds(_ node: JSONNode?) -> Double? { whole(node).map { Double($0) / 1000 } }
        guard let state = text(node["state"]).flatMap(State.init), let source = text(node["source"]),
            let started = seconds(node["startedMs"]), let items = whole(node["items"]),
            let process = whole(node["process"])
        else { return nil }
        self.init(
            source: source, configSets: node["configSets"]?.items.compactMap { text($0) } ?? [], items: items,
            started: started, process: process, processStart: text(node["processStart"]) ?? "")
        self.state = state
        ended = seconds(node["endedMs"])
        finished = whole(node["finished"]) ?? 0
        config = text(node["config"]) ?? ""
        if let item = text(node["current"]?["item"]), let since = seconds(node["current"]?["sinceMs"]) {
            current = (item, since)
        }
        for (name, count) in node["summary"]?.members ?? [] {
            if let outcome = Report.Outcome(rawValue: name) { counts[outcome] = whole(count) }
        }
        timings = (node["timings"]?.items ?? []).compactMap { timing in
            guard let item = text(timing["item"]), let seconds = seconds(timing["durationMs"]) else { return nil }
            return Timing(item: item, config: text(timing["config"]) ?? "", seconds: seconds)
        }
        error = text(node["error"])
    }
}

// MARK: For people

extension RunStatus {
    /// In one line, as `systemctl status` shows it.
    package var line: String {
        switch state {
        case .running:
            let place = "\(finished) of \(items)" + (config.isEmpty ? "" : ", \(config)")
            return current.map { "\($0.item) (\(place))" } ?? place
        case .done:
            let parts = Self.order.compactMap { outcome in counts[outcome].map { "\($0) \(outcome.rawValue)" } }
            return "done: " + (parts.isEmpty ? "nothing to do" : parts.joined(separator: ", "))
        case .failed: return "failed: \(error ?? "")"
        }
    }

    private static let order: [Report.Outcome] = [.changed, .ran, .unchanged, .skipped, .failed]

    /// - Parameter now: seconds since 1970.
    package func lines(now: Double, style: TextStyle) -> [String] {
        let what = "\(configSets.joined(separator: ", ")) from \(source)"
        var lines: [String] = []
        switch state {
        case .running:
            lines.append("\(style.bold("running")): \(what), for \(durationText(max(0, now - started)))")
            lines.append("  \(finished) of \(items) items" + (config.isEmpty ? "" : ", config \(config)"))
            if let current {
                lines.append("  under way: \(current.item), for \(durationText(max(0, now - current.since)))")
            }
        case .done, .failed:
            let word = state == .done ? style.bold("done") : style.red("failed")
            let end = ended.map {
                ", in \(durationText(max(0, $0 - started))), ended \(UTCTime(seconds: $0.rounded()).iso)Z"
            }
            lines.append("\(word): \(what)\(end ?? ", began \(UTCTime(seconds: started.rounded()).iso)Z")")
        }
        let parts = Self.order.compactMap { outcome in counts[outcome].map { "\($0) \(outcome.rawValue)" } }
        if !parts.isEmpty { lines.append("  " + parts.joined(separator: ", ")) }
        if let error { lines += error.split(separator: "\n").map { "  | " + $0 } }
        let slow = timings.filter { $0.seconds >= 0.1 }.prefix(10)
        if !slow.isEmpty {
            lines.append("slowest:")
            lines += slow.map { "  \(durationText($0.seconds))  \($0.item) (\($0.config))" }
        }
        return lines.map { visible($0) }
    }
}
