// What a run lets others see: other processes' view of its arguments and environments, the journal, the syslog, the console, its output.

import Foundation
import Synchronization

final class Evidence: Sendable {
    private struct State {
        var isOver = false
        var passes = 0
        /// Arguments and environments of processes, each once.
        var seen: Set<[UInt8]> = []
        var heard: [Int32: [UInt8]] = [:]
    }

    /// In the environment of those that are meant to have a secret there, and so of all that they start.
    static let mark = "MEANT_TO_KNOW=1"

    /// Where it is collected, a file for each kind.
    let directory: String
    private let state = Mutex(State())
    private let ears: [(name: String, descriptor: Int32)]
    private let threads = DispatchGroup()

    /// Listens in the tree of an instance that isn't booted.
    init(_ root: String, in directory: String) throws {
        self.directory = directory
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try succeed(["mkdir", "-p", root + "/run/systemd/journal"])
        try succeed(["sh", "-c", "rm -f \"$1\" && mkfifo \"$1\"", "sh", root + "/dev/console"])
        ears = [
            ("console", open(root + "/dev/console", O_RDWR | O_NONBLOCK | O_CLOEXEC)),
            ("syslog", try Self.socket(root + "/dev/log")),
            ("journal", try Self.socket(root + "/run/systemd/journal/socket")),
            ("notify", try Self.socket(root + "/run/notify")),
        ]
        for work in [watch, listen] {
            threads.enter()
            Thread.detachNewThread {
                work()
                self.threads.leave()
            }
        }
    }

    /// Ends the collecting.
    /// - Returns: how often all processes were looked at, and who was told something.
    func end() throws -> (passes: Int, ears: Set<String>) {
        state.withLock { $0.isOver = true }
        threads.wait()
        return try state.withLock { state in
            let suspicious = state.seen.filter { !String(decoding: $0, as: UTF8.self).contains(Self.mark) }
            try add("processes", Data(suspicious.joined(separator: [UInt8(ascii: "\n")])))
            for (name, ear) in ears {
                close(ear)
                try add(name, Data(state.heard[ear] ?? []))
            }
            return (state.passes, Set(ears.filter { state.heard[$0.descriptor] != nil }.map(\.name)))
        }
    }

    func add(_ name: String, _ data: Data) throws {
        try data.write(to: URL(filePath: "\(directory)/\(name)"))
    }

    func add(_ name: String, _ output: Output) throws {
        try add(name + ".output", Data(output.text.utf8))
        try add(name + ".errors", Data(output.errors.utf8))
    }

    private static func socket(_ path: String) throws -> Int32 {
        let ear = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let isShort = withUnsafeMutableBytes(of: &address.sun_path) { place in
            guard path.utf8.count < place.count else { return false }
            place.copyBytes(from: path.utf8)
            return true
        }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let isBound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(ear, $0, size) == 0 }
        }
        guard isShort, isBound else { throw Trouble("\(path): \(String(cString: strerror(errno)))") }
        return ear
    }

    private func listen() {
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while !state.withLock({ $0.isOver }) {
            var polled = ears.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
            poll(&polled, nfds_t(polled.count), 20)
            for entry in polled where entry.revents & Int16(POLLIN) != 0 {
                let count = read(entry.fd, &buffer, buffer.count)
                if count > 0 {
                    state.withLock { $0.heard[entry.fd, default: []] += buffer[..<count] + [UInt8(ascii: "\n")] }
                }
            }
        }
    }

    /// As fast as can be: some processes live for a millisecond.
    private func watch() {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while !state.withLock({ $0.isOver }) {
            guard let folder = opendir("/proc") else { return }
            var found: Set<[UInt8]> = []
            while let entry = readdir(folder) {
                let first = entry.pointee.d_name.0
                guard first >= 0x30, first <= 0x39 else { continue }
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                for kind in ["cmdline", "environ"] {
                    let file = open("/proc/\(name)/\(kind)", O_RDONLY | O_CLOEXEC)
                    guard file >= 0 else { continue }
                    let count = read(file, &buffer, buffer.count)
                    close(file)
                    if count > 0 { found.insert(Array(buffer[..<count])) }
                }
            }
            closedir(folder)
            state.withLock { state in
                state.seen.formUnion(found)
                state.passes += 1
            }
        }
    }
}
