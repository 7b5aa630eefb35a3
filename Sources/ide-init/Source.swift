// Where the metadata comes from when it comes from a stack, and the record of it: an admin who types `ide-init apply` means the
// stack that this host came from.

import InitAWS
import InitCore
import InitLinux

struct Source: Sendable, Equatable {
    static let path = "/var/lib/ide-init/source.json"
    /// The document of the last run, without its secrets.
    static let documentPath = "/var/lib/ide-init/metadata.json"
    /// What of it is in force.
    static let appliedPath = "/var/lib/ide-init/applied.json"

    var stack: String
    var resource: String
    var region: String?
    var url: String?
    var role: String?
    var profile: String?
    var credentialFile: String?
    var configSets: [String] = []
    /// Whether what cfn-init ignores was ignored.
    var isCompatible = false
    /// Whose names the document's records are; nil: it wishes for none, or a release that didn't ask kept it.
    var machine: MachineIdentity?

    /// For people.
    var text: String { "\(resource) of the stack \(stack)" }

    /// As in ownership marks: a stack is the same by its name and by its id.
    var owner: String { "\(stackName)/\(resource)" }

    /// Also where the stack is named by its id.
    var stackName: String {
        let parts = stack.split(separator: "/")
        return stack.hasPrefix("arn:") && parts.count > 1 ? String(parts[1]) : stack
    }

    init(
        stack: String, resource: String, region: String? = nil, url: String? = nil, role: String? = nil,
        profile: String? = nil, credentialFile: String? = nil, configSets: [String] = [], isCompatible: Bool = false
    ) {
        self.stack = stack
        self.resource = resource
        self.region = region
        self.url = url
        self.role = role
        self.profile = profile
        self.credentialFile = credentialFile
        self.configSets = configSets
        self.isCompatible = isCompatible
    }

    // MARK: The record

    private var fields: [(String, String?)] {
        [
            ("stack", stack), ("resource", resource), ("region", region), ("url", url), ("role", role),
            ("profile", profile), ("credentialFile", credentialFile),
        ]
    }

    var object: JSONObject {
        var object = JSONObject(fields.compactMap { name, value in value.map { (name, .string($0)) } })
        object["configSets"] = .array(configSets.map(JSONValue.string))
        object["compatible"] = .bool(isCompatible)
        return object
    }

    /// Nil for anything but what `object` gave.
    init?(_ node: JSONNode) {
        func text(_ key: String) -> String? { if case .string(let text)? = node[key]?.value { text } else { nil } }
        guard let stack = text("stack"), let resource = text("resource") else { return nil }
        var ignored = Diagnostics()
        self.init(
            stack: stack, resource: resource, region: text("region"), url: text("url"), role: text("role"),
            profile: text("profile"), credentialFile: text("credentialFile"),
            configSets: node.given("configSets")?.texts(&ignored) ?? [],
            isCompatible: node["compatible"]?.value == .bool(true))
        machine = node.given("machine").flatMap(MachineIdentity.init)
    }

    /// Keeps it, and what it held.
    /// - Parameter document: without its secrets.
    func record(_ document: [UInt8]) throws {
        var object = object
        if let machine { object["machine"] = .object(machine.object) }
        try writePrivately(Array(JSONValue.object(object).prettyText(indent: 2).utf8), to: Self.path, root: Root())
        try writePrivately(document, to: Self.documentPath, root: Root())
    }

    /// Of the last run from a stack; nil: there was none.
    static func recorded() throws -> Source? {
        let bytes: [UInt8]
        do {
            guard let found = try stateFile(at: path, root: Root()) else { return nil }
            bytes = found
        } catch let failure as Failure where failure.kind == .unreadable {
            throw Failure(
                .unreadable,
                "where this host's metadata comes from stands in \(path), which takes root: run it with sudo, or name a file, or --stack and --resource"
            )
        }
        let value = try? JSONParser.parse(bytes, name: path).value
        guard let source = value.flatMap({ Source(JSONNode($0)) }) else {
            throw Failure(.host, "\(path) is damaged; remove it, and name --stack and --resource once")
        }
        return source
    }

    /// What of its metadata is in force here. A damaged record counts as none: all is applied again.
    func applied() throws -> AppliedMetadata {
        let none = AppliedMetadata(stack: stack, resource: resource)
        guard let bytes = try stateFile(at: Self.appliedPath, root: Root()),
            let value = try? JSONParser.parse(bytes, name: Self.appliedPath).value,
            let record = AppliedMetadata(value), record.stack == stack, record.resource == resource
        else { return none }
        return record
    }

    // MARK: The instance's own tags

    /// What the stack is wanted for.
    enum Purpose {
        /// - Parameter command: ours, to tell what to type.
        case document(_ command: String)
        case signal

        fileprivate var lack: String {
            switch self {
            case .document: "no document is named, none was applied here before"
            case .signal: "no stack is named that could be told"
            }
        }

        /// What to type where the tags don't tell.
        fileprivate var howTo: String {
            let stack = "--stack NAME --resource LOGICAL_ID [--region REGION]"
            return switch self {
            case .document(let command): "name a file, or the stack: ide-init \(command) \(stack)"
            case .signal: "name the stack: ide-init signal \(stack)"
            }
        }
    }

    /// - Throws: `Failure` that tells what to type instead.
    static func ofTags(_ cloud: Cloud, for purpose: Purpose) async throws -> Source {
        let (lack, howTo) = (purpose.lack, purpose.howTo)
        let tags: StackTags
        do {
            tags = try await StackTags.ofInstance(cloud.metadata) { try await cloud.session() }
        } catch let error as InstanceMetadata.Unavailable {
            throw Failure(
                .usage,
                "\(lack), and this machine can't be asked for its stack (\(error.why)); \(howTo)")
        } catch let failure as Failure where failure.kind == .network {
            throw Failure(
                .network,
                "\(lack), and this instance's tags can't be read: \(failure.message); \(howTo)")
        }
        guard let stack = tags.stack, let resource = tags.logicalID else {
            throw Failure(.usage, "\(lack), and this instance's tags name no stack; \(howTo)")
        }
        let source = Source(stack: stack, resource: resource, region: try await cloud.region())
        // A group is what waits for signals.
        guard case .document(let command) = purpose, let group = tags.autoScalingGroup else { return source }
        // Only the group's own name is in the tags; the metadata mostly belongs to what it launches.
        let detail = try await cloud.cloudFormation().describe(source)
        guard detail.metadata.map({ JSONNode($0)[Document.initKey] != nil }) ?? false else {
            throw Failure(
                .usage,
                "this instance's tags name \(resource) of the stack \(stack), the Auto Scaling group \(group), which has no \(Document.initKey); "
                    + "name the resource that has it, mostly the launch template: "
                    + "ide-init \(command) --stack \(stack) --resource LOGICAL_ID --region \(source.region ?? "")")
        }
        return source
    }
}

extension CloudFormation {
    /// - Throws: `Failure`, also where the service says no.
    func describe(_ source: Source) async throws -> StackResourceDetail {
        do {
            return try await describe(stack: source.stack, resource: source.resource)
        } catch let error as ServiceError {
            throw Failure(.network, error.text + advice(error, "DescribeStackResource"))
        }
    }

    /// What to look at where the service says no, after a semicolon.
    /// - Parameter action: that it refused.
    func advice(_ error: ServiceError, _ action: String) -> String {
        let place = "looked for in \(region): is that, by --region, the stack's?"
        if error.isDenied {
            return "; \(place) By its identity an instance may ask about the stack that made it and no other; "
                + "for another one its role needs cloudformation:\(action)"
        }
        return error.message.hasPrefix("Stack '") && error.message.hasSuffix("does not exist") ? "; \(place)" : ""
    }
}
