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
enum BootRecord {
    private static let path = "/var/lib/ide-init/booted"

    /// Whether this instance has had its first boot's run.
    static func isLaterBoot(_ cloud: Cloud) async throws -> Bool {
        guard let bytes = try stateFile(at: path, root: Root()) else { return false }
        return String(decoding: bytes, as: UTF8.self).trimmingBlanks() == (await identity(cloud))
    }

    static func write(_ cloud: Cloud) async throws {
        try writePrivately(Array("\(await identity(cloud))\n".utf8), to: path, root: Root())
    }

    /// The instance's id; elsewhere than on EC2 the machine's own (machine-id(5)).
    private static func identity(_ cloud: Cloud) async -> String {
        if let id = try? await cloud.metadata.instanceID() { return id }
        let bytes = try? stateFile(at: "/etc/machine-id", root: Root())
        return String(decoding: bytes ?? [], as: UTF8.self).trimmingBlanks()
    }
}
