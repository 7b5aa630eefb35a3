// Which machine this is: an image made of one is another.

import InitAWS
import InitCore
import InitLinux

struct MachineIdentity: Sendable, Equatable {
    /// Nil: not on EC2, or instance metadata didn't answer.
    var instance: String?
    /// machine-id(5)
    var machine: String

    static func ofThisMachine(_ cloud: Cloud) async -> MachineIdentity {
        let bytes = try? stateFile(at: "/etc/machine-id", root: Root())
        return MachineIdentity(
            instance: try? await cloud.metadata.instanceID(),
            machine: String(decoding: bytes ?? [], as: UTF8.self).trimmingBlanks())
    }

    /// Where instance metadata doesn't answer at the moment, machine-id alone tells.
    func isSame(as other: MachineIdentity) -> Bool {
        guard let instance, let theirs = other.instance else { return machine == other.machine }
        return instance == theirs
    }

    // MARK: As it is kept

    /// machine-id isn't to be shown: for files that root alone reads.
    var object: JSONObject {
        var object = JSONObject([("machine", .string(machine))])
        if let instance { object["instance"] = .string(instance) }
        return object
    }

    private init(instance: String?, machine: String) { (self.instance, self.machine) = (instance, machine) }

    /// Nil for anything but what `object` gave.
    init?(_ node: JSONNode) {
        func text(_ key: String) -> String? { if case .string(let text)? = node[key]?.value { text } else { nil } }
        guard let machine = text("machine") else { return nil }
        self.init(instance: text("instance"), machine: machine)
    }
}
