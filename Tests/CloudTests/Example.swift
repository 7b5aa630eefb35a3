// A template of packaging/examples as a stack: checked by cfn-lint, its parameters filled in, applied by its own user data.

import Crypto
import Foundation
import InitCore
import TestSupport

struct Example {
    static let resource = "Instance"
    static let domain = "code.example.com"
    static let zone = "Z0EXAMPLE"
    /// What instance metadata says.
    static let address = "198.51.100.7"

    let name: String
    let host: Host
    let standIn: StandIn
    private let template: [String: Any]
    private let parameters: [String: String]

    /// - Parameters:
    ///   - secrets: by the resource that stands for each.
    init(_ name: String, on host: Host, _ parameters: [String: String], secrets: [String: String]) async throws {
        self.name = name
        self.host = host
        standIn = try host.standIn
        let file = Surroundings.tests.deletingLastPathComponent().appending(path: "packaging/examples/\(name).yaml")
            .path
        let reader = Surroundings.tests.appending(path: "CloudTests/template.py").path
        let path = Surroundings.environment["PATH"] ?? ""
        let output = try Running([try StandIn.interpreter.get(), reader, file], setting: ["PATH": path]).wait()
        guard output.code == 0 else { throw Trouble(output.errors) }
        var template = try JSONSerialization.jsonObject(with: Data(output.text.utf8)) as? [String: Any] ?? [:]
        var resources = template["Resources"] as? [String: [String: Any]] ?? [:]
        for (resource, value) in secrets {
            let made = try await standIn.set("secrets", json([["name": "\(name)-\(resource)", "value": value]]))
            resources[resource]?["PhysicalResourceId"] = made.items.first?["arn"]?.plainText
        }
        template["Resources"] = resources
        self.template = template
        let releases = "https://releases.s3.\(Network.region).amazonaws.com"
        let published = try await Self.publish(on: standIn, at: releases)
        self.parameters = parameters.merging(published) { own, _ in own }
        try await put(self.parameters)
    }

    // MARK: What it downloads

    static let versions = ["4.104.3", "4.105.0"]

    /// - Returns: the parameters that name it.
    private static func publish(on standIn: StandIn, at place: String) async throws -> [String: String] {
        // The program under test is installed already, with its libraries where it isn't the release.
        let program = Data("#!/bin/sh\nexec /opt/ide-init/ide-init \"$@\"\n".utf8)
        var parameters = ["IdeInitUrl": "\(place)/ide-init", "IdeInitSha256": sum(program)]
        try await put(program, "ide-init", on: standIn)
        for version in versions.reversed() {
            let tarball = try Self.tarball(version)
            let name = "code-server-\(version)-linux-amd64.tar.gz"
            try await put(tarball, name, on: standIn)
            parameters.merge([
                "CodeServerVersion": version, "CodeServerUrl": "\(place)/\(name)", "CodeServerSha256": sum(tarball),
            ]) { $1 }
        }
        return parameters
    }

    /// The parameters of another version.
    static func release(_ version: String) throws -> [String: String] {
        [
            "CodeServerVersion": version, "CodeServerSha256": sum(try tarball(version)),
            "CodeServerUrl":
                "https://releases.s3.\(Network.region).amazonaws.com/code-server-\(version)-linux-amd64.tar.gz",
        ]
    }

    private static func put(_ body: Data, _ key: String, on standIn: StandIn) async throws {
        let object: [String: Any] = [
            "bucket": "releases", "key": key, "bodyBase64": body.base64EncodedString(), "region": Network.region,
            "public": true,
        ]
        try await standIn.set("objects", json([object]))
    }

    private static func sum(_ data: Data) -> String { hexadecimal(SHA256.hash(data: data)) }

    /// Laid out as the real one's; the same bytes each time.
    private static func tarball(_ version: String) throws -> Data {
        let script = """
            set -e; d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; n=code-server-$2-linux-amd64; mkdir -p "$d/$n/bin" "$d/$n/lib"
            sed "s/^VERSION = .*/VERSION = \\"$2\\"/" "$1" >"$d/$n/bin/code-server"; chmod 755 "$d/$n/bin/code-server"
            tar -C "$d" --sort=name --mtime=@0 --owner=0 --group=0 -c "$n" | gzip -n | base64 -w0
            """
        let source = Surroundings.tests.appending(path: "Support/code-server").path
        let output = try succeed(["sh", "-c", script, "sh", source, version])
        return Data(base64Encoded: output.text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? Data()
    }

    // MARK: The stack

    private func put(_ parameters: [String: String]) async throws {
        let known = Set((template["Parameters"] as? [String: Any] ?? [:]).keys)
        let stack: [String: Any] = [
            "name": name, "region": Network.region, "instances": [standIn["instanceId"]], "template": template,
            "parameters": parameters.filter { known.contains($0.key) },
        ]
        try await standIn.set("stacks", json(stack))
    }

    /// An update of the stack: other parameters, or other metadata.
    func update(_ changes: [String: String]) async throws {
        try await put(parameters.merging(changes) { $1 })
    }

    /// As cloud-init runs it.
    func boot() throws -> Output {
        let resources = template["Resources"] as? [String: [String: Any]]
        let properties = resources?[Self.resource]?["Properties"] as? [String: Any]
        let encoded = (properties?["UserData"] as? [String: Any])?["Fn::Base64"] as? [String: String]
        let text = encoded?["Fn::Sub"] ?? ""
        let names = parameters.merging(["AWS::StackName": name, "AWS::Region": Network.region]) { $1 }
        return try host.userData(names.reduce(text) { $0.replacingOccurrences(of: "${\($1.key)}", with: $1.value) })
    }
}
