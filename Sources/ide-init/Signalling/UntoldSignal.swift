// Whom a run is going to tell, while it hasn't: a unit's ExecStopPost tells them that it was killed.

import Glibc
import InitCore
import InitLinux

struct UntoldSignal: Sendable {
    private static let path = "/run/ide-init/untold.json"

    let source: Source
    /// The run's process, and when it began (`StatusFile.processStart`).
    let process: pid_t
    let processStart: String

    /// A wait condition's URL is a credential and isn't kept: its unit names a file that holds it.
    static func remember(_ target: SignalTarget, _ source: Source?) {
        guard case .resource(let stack, let resource) = target else { return }
        var source = source ?? Source(stack: stack, resource: resource)
        (source.stack, source.resource) = (stack, resource)
        var object = source.object
        object["process"] = .number(JSONNumber("\(getpid())"))
        object["processStart"] = .string(StatusFile.processStart(getpid()) ?? "")
        // Without a place for it a kill isn't told; the run itself goes on.
        try? writePublicly(Array(JSONValue.object(object).prettyText(indent: 2).utf8), to: path)
    }

    static func forget() { unlink(path) }

    /// Nil: there is none, or its run still lives.
    static func ofKilledRun() -> UntoldSignal? {
        guard let bytes = try? stateFile(at: path, root: Root()),
            let value = try? JSONParser.parse(bytes, name: path).value,
            let source = Source(JSONNode(value)), case .number(let number)? = JSONNode(value)["process"]?.value,
            let process = pid_t(number.text), case .string(let start)? = JSONNode(value)["processStart"]?.value
        else { return nil }
        return StatusFile.processStart(process) == start
            ? nil : UntoldSignal(source: source, process: process, processStart: start)
    }
}
