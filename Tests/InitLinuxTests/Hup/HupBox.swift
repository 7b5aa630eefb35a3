import Foundation
import InitCore
import Synchronization

@testable import InitLinux

/// Passes of cfn-hup over a stack that the test makes up, with real actions and a real state below a directory of its own.
final class HupBox: Sendable {
    let path: String
    let stop = StopSwitch()
    let scrubber = Scrubber()
    private let resources = Mutex<[String: StackResourceDetail]>([:])
    private let described = Mutex<[String]>([])
    private let logged = Mutex<[(level: LogLevel, text: String)]>([])

    init() throws {
        path = NSTemporaryDirectory() + "ide-init-hup-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path + "/var/lib", withIntermediateDirectories: true)
        // A user's action writes here too.
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var store: HupStore { HupStore(root: Root(path)) }
    var statePath: String { path + HupStore.path }
    var stateText: String? { try? String(contentsOfFile: statePath, encoding: .utf8) }

    func set(_ id: String, _ metadata: String?, status: String = "UPDATE_COMPLETE", updated: Double = 1_700_000_000)
        throws
    {
        let value = try metadata.map { try JSONParser.parse(Array($0.utf8), name: id).value }
        resources.withLock {
            $0[id] = StackResourceDetail(
                metadata: value, physicalID: "physical-\(id)", lastUpdated: updated, status: status,
                type: "AWS::EC2::Instance")
        }
    }

    /// The ids of the resources asked for since the last time, sorted.
    func takeDescribed() -> [String] {
        described.withLock { described in
            defer { described = [] }
            return described.sorted()
        }
    }

    func takeLog(_ level: LogLevel) -> [String] {
        logged.withLock { logged in
            defer { logged.removeAll { $0.level == level } }
            return logged.filter { $0.level == level }.map { scrubber.scrub($0.text) }
        }
    }

    /// One pass over the state as it is stored.
    @discardableResult
    func pass(_ hooks: Hook...) async throws -> Bool {
        let stop = stop
        let host = LinuxHost(
            root: Root(), scrubber: scrubber, stop: stop, isRehearsal: false, runsTests: true,
            fetch: { _, _ in throw Failure(.network, "no downloads here") },
            resolve: { _ in throw Failure(.network, "no references here") }, prefetch: { _, _ in },
            askHTTP: { _, _ in .wrong("no servers here") }
        ).host
        let pass = HupPass(
            hooks: hooks,
            describe: { [self] id in
                described.withLock { $0.append(id) }
                guard let detail = resources.withLock({ $0[id] }) else {
                    throw Failure(.network, "Resource \(id) does not exist")
                }
                return detail
            }, run: host.run, save: store.save, stopReason: { stop.stopReason },
            log: { [self] level, text in logged.withLock { $0.append((level, text)) } }, scrubber: scrubber)
        var (state, _) = try store.load()
        return try await pass.perform(&state)
    }

    /// A hook whose action appends to the file `ran`.
    func hook(
        _ path: String, name: String = "h", on triggers: Set<HookTrigger> = [.add, .update, .remove],
        action: String = "env | sort | grep -a ^CFN_ || echo none"
    ) throws -> Hook {
        try Hook(name: name, triggers: triggers, path: path, action: "{ \(action)\n} >>\(self.path)/ran")
    }

    /// What actions appended since the last time.
    func takeRan() -> String {
        defer { try? FileManager.default.removeItem(atPath: path + "/ran") }
        return (try? String(contentsOfFile: path + "/ran", encoding: .utf8)) ?? ""
    }
}
