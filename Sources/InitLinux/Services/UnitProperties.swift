// What systemd knows of a unit, spelled as `systemctl show` spells it, whoever was asked.

import InitCore

struct UnitProperties: Sendable {
    static let asked: Set<String> = [
        "Id", "LoadState", "ActiveState", "SubState", "UnitFileState", "NeedDaemonReload", "FragmentPath", "SourcePath",
        "Job", "InvocationID",
    ]
    /// Of a service alone, on an interface of its own.
    static let askedOfService: Set<String> = ["Type", "Result", "ExecMainExitTimestampMonotonic"]

    private let values: [String: String]

    init(_ values: [String: String]) { self.values = values }

    /// The lines of `systemctl show`.
    init(shown text: String) {
        var values: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
        }
        self.init(values)
    }

    subscript(name: String) -> String { values[name] ?? "" }

    var isThere: Bool { self["LoadState"] != "not-found" && !self["LoadState"].isEmpty }
    var isActive: Bool { ["active", "reloading", "refreshing"].contains(self["ActiveState"]) }
    /// Between two tries of `Restart=`.
    var isFailing: Bool { self["SubState"].hasPrefix("auto-restart") }
    var isStarting: Bool { self["ActiveState"] == "activating" && !isFailing }
    var isIdleOneshot: Bool {
        self["ActiveState"] == "inactive" && self["Type"] == "oneshot" && self["Result"] == "success"
    }
    var hasFinished: Bool { isIdleOneshot && !["", "0"].contains(self["ExecMainExitTimestampMonotonic"]) }
    /// Its file, or something of it, has changed since systemd read it.
    var isOutOfDate: Bool { self["NeedDaemonReload"] == "yes" }
    /// Whether a job for it is queued or runs.
    var hasJob: Bool { !["", "0"].contains(self["Job"]) }
    /// Made by systemd from a SysV script.
    var isOfScript: Bool { self["UnitFileState"] == "generated" && self["SourcePath"].hasPrefix("/etc/init.d/") }

    var enablement: UnitState.Enablement { Self.enablement(self["UnitFileState"]) }

    static func enablement(_ state: String) -> UnitState.Enablement {
        switch state {
        case "enabled": .enabled
        case "disabled", "linked", "linked-runtime", "enabled-runtime", "": .disabled
        case "masked", "masked-runtime": .masked
        default: .fixed(state)
        }
    }
}

/// A service's name as a unit's, in the way of systemctl: without a type it is a service, and what no unit's name may
/// hold is escaped.
func unitName(_ name: String) -> String {
    let types = [
        "service", "socket", "target", "device", "mount", "automount", "swap", "timer", "path", "slice", "scope",
    ]
    var escaped: [UInt8] = []
    for byte in name.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            escaped.append(byte)
        case UInt8(ascii: "/"): escaped.append(UInt8(ascii: "-"))
        default:
            // A backslash escapes already.
            if ":-_.\\@".utf8.contains(byte) {
                escaped.append(byte)
            } else {
                escaped += Array("\\x\(hexadecimal([byte]))".utf8)
            }
        }
    }
    let result = String(decoding: escaped, as: UTF8.self)
    let hasType = types.contains { result.hasSuffix(".\($0)") && result.utf8.count > $0.utf8.count + 1 }
    return hasType ? result : result + ".service"
}
