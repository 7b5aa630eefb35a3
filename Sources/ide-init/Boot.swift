// Runs that a machine starts by itself: the first boot of an instance brings everything about, a later one little or nothing.

import ArgumentParser
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
    private static let path = "/var/lib/ide-init/booted.json"

    /// Whether this instance has had its first boot's run.
    static func isLaterBoot(_ cloud: Cloud) async throws -> Bool {
        guard let bytes = try stateFile(at: path, root: Root()),
            let value = try? JSONParser.parse(bytes, name: path).value, let known = MachineIdentity(JSONNode(value))
        else { return false }
        return known.isSame(as: await .ofThisMachine(cloud))
    }

    static func write(_ cloud: Cloud) async throws {
        let object = await MachineIdentity.ofThisMachine(cloud).object
        try writePrivately(Array(JSONValue.object(object).prettyText(indent: 2).utf8), to: path, root: Root())
    }
}
