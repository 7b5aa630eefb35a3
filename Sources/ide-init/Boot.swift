// Runs that a machine starts by itself: the first boot of an instance brings everything about, a later one little or nothing.

import ArgumentParser
import Glibc
import InitAWS
import InitCore
import InitLinux

enum BootMode: String, ExpressibleByArgument, CaseIterable {
    /// Nothing is done on later boots.
    case first
    /// Later boots run our own sections, and commands that have a test.
    case every
}

/// Which instance was brought about here. An image made of one is another's first boot.
struct BootRecord: Equatable {
    private static let path = "/var/lib/ide-init/booted.json"

    /// Nil: not on EC2, or instance metadata didn't answer.
    var instance: String?
    /// machine-id(5)
    var machine: String

    /// Whether this instance has had its first boot's run.
    static func isLaterBoot(_ cloud: Cloud) async throws -> Bool {
        guard let bytes = try stateFile(at: path, root: Root()),
            let value = try? JSONParser.parse(bytes, name: path).value, let record = BootRecord(value)
        else { return false }
        let now = await ofThisMachine(cloud)
        // A boot at which instance metadata doesn't answer is none of another instance's.
        guard let known = record.instance, let instance = now.instance else { return record.machine == now.machine }
        return known == instance
    }

    static func write(_ cloud: Cloud) async throws {
        let record = await ofThisMachine(cloud)
        var object = JSONObject([("machine", .string(record.machine))])
        if let instance = record.instance { object["instance"] = .string(instance) }
        try writePrivately(Array(JSONValue.object(object).prettyText(indent: 2).utf8), to: path, root: Root())
    }

    private static func ofThisMachine(_ cloud: Cloud) async -> BootRecord {
        let bytes = try? stateFile(at: "/etc/machine-id", root: Root())
        return BootRecord(
            instance: try? await cloud.metadata.instanceID(),
            machine: String(decoding: bytes ?? [], as: UTF8.self).trimmingBlanks())
    }

    private init(instance: String?, machine: String) { (self.instance, self.machine) = (instance, machine) }

    /// Nil for anything but what `write` wrote.
    private init?(_ value: JSONValue) {
        func text(_ key: String) -> String? {
            if case .string(let text)? = JSONNode(value)[key]?.value { text } else { nil }
        }
        guard let machine = text("machine") else { return nil }
        self.init(instance: text("instance"), machine: machine)
    }
}
