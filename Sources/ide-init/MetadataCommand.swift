// ide-init metadata: what a run would read, or one value of it.

import ArgumentParser
import InitAWS
import InitCore
import InitLinux

struct MetadataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metadata", abstract: "Print the metadata, references unresolved, or one value of it.")

    @OptionGroup var place: PlaceOptions

    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "Only the value of this key; maps in maps as in a.b.c, \\. is a dot in a name.", valueName: "key"))
    var key: String?

    func run() async {
        let terminal = Terminal(environment: Composition.environment)
        do {
            let metadata = try await document(terminal)
            guard let key else { return terminal.write(metadata.prettyText()) }
            guard let value = metadata.value(at: dottedKeys(key)) else {
                throw Failure(.host, "the metadata has no \u{201C}\(key)\u{201D}")
            }
            terminal.write(value.shownAlone)
        } catch {
            end(error, terminal)
        }
    }

    private func document(_ terminal: Terminal) async throws -> JSONValue {
        let stop = StopSwitch()
        func cloud(_ settings: CloudSettings) -> Cloud {
            Cloud(
                settings, environment: Composition.environment, patience: .planning, stop: stop,
                waiting: terminal.waiting)
        }
        switch try await place.origin("metadata", cloud) {
        case .file(let file): return try JSONParser.parse(Composition.read(file), name: file).value
        case .stack(let source): return try await source.metadata(cloud(place.stack.cloud.settings(source)))
        }
    }
}
