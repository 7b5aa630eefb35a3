// cfn-get-metadata by name: a resource's metadata, or one value of it.

import InitCore
import InitLinux

struct CfnGetMetadata: CfnCommand {
    let terminal: Terminal

    static let parser = OptionParser(
        program: "cfn-get-metadata",
        usage: ["cfn-get-metadata [options]"],
        options: [
            .help,
            CfnOption("s", "stack", value: "STACK_NAME", "A CloudFormation stack"),
            CfnOption("r", "resource", value: "LOGICAL_RESOURCE_ID", "A CloudFormation logical resource ID"),
            CfnOption("k", "key", value: "KEY", "Only the value of this key; maps in maps as in a.b.c, \\. is a dot"),
            .url, .region,
        ] + CfnOption.credentials + CfnOption.proxies + [CfnOption("v", "verbose", "Without effect")])

    func run(_ options: ParsedOptions) async throws -> Int32 {
        guard let stack = options.value("stack"), let resource = options.value("resource") else {
            return misuse("name a stack and a resource")
        }
        let source = Source(stack: stack, resource: resource)
        let cloud = Cloud(
            options.cloudSettings, environment: Composition.environment, patience: .planning, stop: StopSwitch(),
            waiting: terminal.waiting)
        let metadata = try await source.metadata(cloud)
        guard let key = options.value("key") else {
            terminal.write(metadata.prettyText())
            return 0
        }
        guard let value = metadata.value(at: dottedKeys(key)), value.isTruthy else {
            return fail("there is no value for \(key) in the metadata of \(source.text)")
        }
        terminal.write(value.shownAlone)
        return 0
    }
}

extension JSONValue {
    /// A string as it is, all else as JSON; with a newline at the end.
    var shownAlone: String { if case .string(let text) = self { text + "\n" } else { prettyText() } }
}
