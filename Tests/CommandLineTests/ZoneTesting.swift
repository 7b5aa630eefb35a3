// An instance whose stack wishes for records, and the zone in which they are made.

import Foundation
import InitCore
import TestSupport

protocol ZoneTesting {}

extension ZoneTesting {
    func section(_ count: Int = 2, more: String = "") -> String {
        #"""
        "config": {"dns": {"Z1": {"monitor.example.com": {"value": "${public-ipv4}"},
          "dev-${n}.example.com": {"count": \#(count), "ttl": 60, "value": "${public-ipv4}"}\#(more)}}}
        """#
    }

    func instance(_ configs: String) async throws -> Instance {
        let instance = try await Instance(configs: configs)
        try await instance.standIn.set("zones", #"{"id": "Z1", "name": "example.com"}"#)
        return instance
    }

    /// From now on its stack's resource has these configs.
    func update(_ instance: Instance, _ configs: String) async throws {
        try await instance.standIn.set(
            "stacks/update",
            #"{"name": "\#(instance.stack)", "metadata": {"Host": {"AWS::CloudFormation::Init": {\#(configs)}}}}"#)
    }

    func apply(_ instance: Instance, _ words: String...) async throws -> Program.Result {
        var words = words
        if !instance.exists("state/ide-init/source.json") {
            words += ["--stack", instance.stack, "--resource", "Host", "--region", "us-east-1"]
        }
        return try await instance.program.run(["apply"] + words, as: Program.path)
    }

    /// `NAME TYPE VALUE`, but for the zone's own.
    func records(_ standIn: StandIn) async throws -> [String] {
        try await standIn.look("records")["Z1"]?.items.compactMap { record in
            guard let name = record["name"]?.plainText, name != "example.com." else { return nil }
            return "\(name) \(record["type"]?.plainText ?? "") \(record["values"]?.items.first?.plainText ?? "")"
        } ?? []
    }

    func addresses(_ standIn: StandIn) async throws -> [String] {
        try await records(standIn).filter { $0.contains(" A ") }.sorted()
    }
}
