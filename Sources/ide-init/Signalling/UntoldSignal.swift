// Whom a run is going to tell, while it hasn't: a unit's ExecStopPost tells them that it was killed.

import Glibc
import InitCore
import InitLinux

struct UntoldSignal: Sendable {
    private static let path = "/run/ide-init/untold.json"

    let target: SignalTarget
    /// How AWS is reached.
    let source: Source?

    /// - Parameter url: as the wait condition was named. A URL itself is a credential and isn't kept; `@FILE` is.
    static func remember(_ target: SignalTarget, url: String?, _ source: Source?) {
        var object = JSONObject()
        switch target {
        case .resource(let stack, let resource):
            var source = source ?? Source(stack: stack, resource: resource)
            (source.stack, source.resource) = (stack, resource)
            object = source.object
        case .waitCondition:
            guard let url, url.hasPrefix("@") else { return }
            object["waitCondition"] = .string(url)
        }
        object["process"] = .number(JSONNumber("\(getpid())"))
        object["processStart"] = .string(StatusFile.identity(of: getpid()) ?? "")
        // Without a place for it a kill isn't told; the run itself goes on.
        try? writePublicly(Array(JSONValue.object(object).prettyText(indent: 2).utf8), to: path)
    }

    static func forget() { unlink(path) }

    /// Nil: there is none, or its run still lives.
    static func ofKilledRun() throws -> UntoldSignal? {
        guard let bytes = try? stateFile(at: path, root: Root()),
            let value = try? JSONParser.parse(bytes, name: path).value
        else { return nil }
        let node = JSONNode(value)
        guard case .number(let number)? = node["process"]?.value, let process = pid_t(number.text),
            case .string(let start)? = node["processStart"]?.value, StatusFile.identity(of: process) != start
        else { return nil }
        if case .string(let url)? = node["waitCondition"]?.value {
            return UntoldSignal(target: try SignalTarget(waitCondition: url), source: nil)
        }
        return Source(node).map {
            UntoldSignal(target: .resource(stack: $0.stack, resource: $0.resource), source: $0)
        }
    }
}
