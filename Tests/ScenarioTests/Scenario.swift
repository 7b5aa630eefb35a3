import Foundation
import InitCore
import InitTesting
import Testing

/// A folder of Scenarios; the README there tells what is in it.
struct Scenario: Sendable, CustomTestStringConvertible {
    static let all: [Scenario] = names.map { Scenario(name: $0) }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Scenarios")
    private static let names: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { !$0.contains(".") }.sorted()
    }()

    static let isUpdating = ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1"

    let name: String

    var testDescription: String { name }

    /// What is in a scenario's folder, read.
    struct Loaded: Sendable {
        let document: Document
        let redaction: Redaction
        let world: FakeWorld
        let secrets: [String]
        let runsTests: Bool
        /// The item that must fail in an apply; nil: none.
        let failing: String?
    }

    func load() throws -> Loaded {
        let options = JSONNode(
            FileManager.default.fileExists(atPath: path("options.json"))
                ? try JSONParser.parse(bytes("options.json"), name: "\(name)/options.json").value
                : .object(JSONObject()))
        var diagnostics = Diagnostics()
        options.checkKeys(["configSets", "compatible", "strict", "runTests", "fails", "secrets"], &diagnostics)
        let flag = { (key: String, diagnostics: inout Diagnostics) in
            options.given(key)?.flag(&diagnostics) ?? false
        }
        let parsed = try JSONParser.parse(bytes("metadata.json"), name: "\(name)/metadata.json")
        let redaction = Redaction(parsed.value)
        let world = try FakeWorld(bytes("host.json"), name: "\(name)/host.json")
        let loaded = Loaded(
            document: Document(
                parsed.value, configSets: options.given("configSets")?.texts(&diagnostics) ?? [],
                compatible: flag("compatible", &diagnostics), strict: flag("strict", &diagnostics),
                duplicates: parsed.duplicates),
            redaction: redaction, world: world,
            secrets: redaction.secrets.map { $0.reveal { String(decoding: $0, as: UTF8.self) } }
                + world.referencedValues + (options.given("secrets")?.texts(&diagnostics) ?? []),
            runsTests: flag("runTests", &diagnostics),
            failing: options.given("fails")?.text(&diagnostics))
        let mistakes = (diagnostics.errors + loaded.document.diagnostics.errors).map { "\($0.path): \($0.message)" }
        try #require(mistakes.isEmpty, "\(name): \(mistakes.joined(separator: "\n"))")
        return loaded
    }

    private func path(_ file: String) -> String { Self.folder.path + "/\(name)/\(file)" }

    private func bytes(_ file: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path(file)))) }

    /// Compares with the file of that name, or rewrites it with UPDATE_GOLDEN=1.
    func expect(_ text: String, in file: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        if Self.isUpdating {
            try text.write(toFile: path(file), atomically: true, encoding: .utf8)
            return
        }
        let wished = try String(contentsOfFile: path(file), encoding: .utf8)
        #expect(text == wished, "\(name)/\(file)", sourceLocation: sourceLocation)
    }

    func expected(_ file: String) throws -> String { try String(contentsOfFile: path(file), encoding: .utf8) }

    /// A fake host before the run; what isn't planned for fails the test.
    func host(_ loaded: Loaded) -> FakeHost {
        FakeHost(loaded.world) { [name] in Issue.record("\(name): \($0)") }
    }
}

extension Scenario.Loaded {
    var scrubber: Scrubber { Scrubber(redaction.secrets) }

    /// What `ide-init plan` prints.
    func text(_ report: Report, showsDiff: Bool = false) -> String {
        let view = TextView(mode: report.mode, showsDiff: showsDiff, scrubber: scrubber)
        var lines = report.warnings.map(view.line)
        // A config may run several times: its items come in blocks.
        var items = report.items[...]
        for config in document.sets.flatMap(\.configs) {
            lines.append(config.name)
            // A sweep is told only where it takes something away.
            let sweeps = config.sweeps.map(\.id)
            while let item = items.first, sweeps.contains(item.id) {
                lines += view.lines(item)
                items.removeFirst()
            }
            for _ in config.resources { if let item = items.popFirst() { lines += view.lines(item) } }
        }
        // What goes at the end of the run.
        lines += items.flatMap(view.lines)
        lines += report.readiness.flatMap(view.lines)
        return (lines + view.summary(report)).joined(separator: "\n") + "\n"
    }

    func plan(_ fake: FakeHost) async -> Report {
        await Engine(host: fake.host(performing: false, runsTests: runsTests), mode: .plan).run(document)
    }

    func apply(_ fake: FakeHost, _ fault: Fault? = nil) async -> Report {
        fake.begin(fault)
        return await Engine(host: fake.host(), mode: .apply).run(document)
    }
}

extension FakeHost {
    var text: String { state.json.prettyText(indent: 2) }
}
