// Which document, of all the places where one may be, and how AWS is reached for it.

import ArgumentParser
import Glibc
import InitAWS
import InitCore
import InitLinux

struct CloudOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The region. (default: of the source, the environment, this instance)", valueName: "region"))
    var region: String?

    @Option(help: ArgumentHelp("CloudFormation's URL, where it isn't the region's own.", valueName: "url"))
    var url: String?

    @Option(help: ArgumentHelp("Use the keys of this role of the instance.", valueName: "name"))
    var role: String?

    @Option(help: ArgumentHelp("Use this profile of ~/.aws/credentials and ~/.aws/config.", valueName: "name"))
    var profile: String?

    @Option(
        name: [.customShort("f"), .long],
        help: ArgumentHelp("cfn-init's credential file: AWSAccessKeyId=, AWSSecretKey=.", valueName: "file"),
        completion: .file())
    var credentialFile: String?

    @Option(help: ArgumentHelp("Proxy for http: [scheme://][user:password@]host:port.", valueName: "proxy"))
    var httpProxy: String?

    @Option(help: ArgumentHelp("Proxy for https. (default for both: the environment)", valueName: "proxy"))
    var httpsProxy: String?

    /// What isn't given here is as it was when the source was recorded.
    func settings(_ source: Source? = nil) -> CloudSettings {
        let credentials = CredentialOptions(
            file: credentialFile ?? (role == nil && profile == nil ? source?.credentialFile : nil),
            role: role ?? (credentialFile == nil && profile == nil ? source?.role : nil),
            profile: profile ?? (credentialFile == nil && role == nil ? source?.profile : nil))
        return CloudSettings(
            region: region ?? source?.region, url: url ?? source?.url, credentials: credentials, httpProxy: httpProxy,
            httpsProxy: httpsProxy)
    }
}

struct StackOptions: ParsableArguments {
    @Option(name: [.short, .long], help: ArgumentHelp("The stack, by name or id.", valueName: "name"))
    var stack: String?

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("The stack's resource whose Metadata it is, by its logical id.", valueName: "logical-id"))
    var resource: String?

    @OptionGroup var cloud: CloudOptions

    /// The stack that is named; nil: none is.
    var source: Source? {
        get throws {
            switch (stack, resource) {
            case (let stack?, let resource?):
                Source(
                    stack: stack, resource: resource, region: cloud.region ?? regionOfStack(stack), url: cloud.url,
                    role: cloud.role, profile: cloud.profile, credentialFile: cloud.credentialFile)
            case (nil, nil): nil
            case (_?, nil):
                throw Failure(
                    .usage, "--stack takes --resource beside it: the logical id of the resource that holds the metadata"
                )
            case (nil, _?): throw Failure(.usage, "--resource takes --stack beside it")
            }
        }
    }
}

extension StackOptions {
    /// The stack that is named, run as the last time: its sets belong to the stack that they were chosen for.
    var sourceAsBefore: Source? {
        get throws {
            guard var named = try source else { return nil }
            if let last = try? Source.recorded(), last.stack == named.stack, last.resource == named.resource {
                named.configSets = last.configSets
                named.isCompatible = last.isCompatible
            }
            return named
        }
    }
}

/// A stack's id holds its region.
func regionOfStack(_ stack: String) -> String? {
    let parts = stack.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count >= 6 && parts[0] == "arn" && !parts[3].isEmpty ? String(parts[3]) : nil
}

struct PlaceOptions: ParsableArguments {
    @Argument(
        help:
            "The metadata document, or - for standard input. Without one: --stack, else this host's last stack, else its tags.",
        completion: .file(extensions: ["json"]))
    var file: String?

    @OptionGroup var stack: StackOptions

    /// Where the document is: what was named, what was used before, what the instance's tags say.
    /// - Parameter command: ours, to tell what to type.
    func origin(_ command: String, _ cloud: (CloudSettings) -> Cloud) async throws -> Origin {
        if let file {
            guard stack.stack == nil, stack.resource == nil else {
                throw Failure(.usage, "a file and a stack are both named; which one is meant?")
            }
            return .file(file)
        }
        if let named = try stack.sourceAsBefore { return .stack(named) }
        if let last = try Source.recorded() { return .stack(last) }
        return .stack(try await Source.ofTags(cloud(stack.cloud.settings()), for: .document(command)))
    }
}

struct DocumentOptions: ParsableArguments {
    @OptionGroup var place: PlaceOptions

    @Option(
        name: [.short, .customLong("configsets")],
        help:
            "The configSets to run, in order, with commas between. (default: those of the last run from this stack, else default)"
    )
    var configSets = ""

    @Flag(help: "As lenient as cfn-init: what it ignores is a warning.")
    var compatible = false

    @Flag(help: "Print JSON (packaging/docs/json.md).")
    var json = false

    var names: [String] {
        configSets.isEmpty ? [] : configSets.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }

    /// The source as it is to be remembered; of one that already is, what an admin picks by -c for one run isn't.
    func recordable(_ source: Source?) -> Source? {
        guard var source, place.stack.stack != nil || (try? Source.recorded()) == nil else { return source }
        if !names.isEmpty { source.configSets = names }
        source.isCompatible = compatible || source.isCompatible
        return source
    }

    /// - Throws: `Failure`; mistakes in the document are in its diagnostics.
    func load(
        _ origin: Origin, _ cloud: Cloud, _ finding: FactFinding, scrubber: Scrubber
    ) async throws -> LoadedDocument {
        switch origin {
        case .file(let file):
            let parsed = try JSONParser.parse(Composition.read(file), name: origin.name)
            return LoadedDocument(
                parsed.value, of: origin, facts: await finding.facts(for: parsed.value, of: origin, cloud),
                configSets: names, compatible: compatible, duplicates: parsed.duplicates,
                scrubber: scrubber)
        case .stack(let source):
            let metadata = try await source.metadata(cloud)
            return LoadedDocument(
                metadata, of: origin, facts: await finding.facts(for: metadata, of: origin, cloud),
                configSets: names.isEmpty ? source.configSets : names,
                compatible: compatible || source.isCompatible, scrubber: scrubber)
        }
    }
}

enum Origin: Sendable {
    case file(String)
    case stack(Source)

    var name: String {
        switch self {
        case .file("-"): "standard input"
        case .file(let file): file
        case .stack(let source): source.text
        }
    }

    /// As in ownership marks.
    var owner: String {
        switch self {
        case .file("-"): "-"
        case .file(let file):
            realpath(file, nil).map { path in
                defer { free(path) }
                return String(cString: path)
            } ?? file
        case .stack(let source): source.owner
        }
    }

    var source: Source? { if case .stack(let source) = self { source } else { nil } }
}

extension Source {
    /// - Throws: `Failure` where there is none.
    func metadata(_ cloud: Cloud) async throws -> JSONValue {
        let detail = try await cloud.cloudFormation().describe(self)
        guard let metadata = detail.metadata, metadata.isTruthy else {
            throw Failure(.invalidDocument, "\(text) (\(detail.type)) has no Metadata")
        }
        return metadata
    }
}
