// What a test waits for, and processes as the kernel shows them.

import Foundation

/// The pid that a command writes when it has begun; nil: it never does.
func waitFor(_ path: String) -> pid_t? {
    for _ in 0..<2000 {
        if let process = number(in: path) { return process }
        usleep(10_000)
    }
    return nil
}

/// The number that a file holds, alone.
func number(in path: String) -> pid_t? {
    (try? String(contentsOfFile: path, encoding: .utf8)).flatMap {
        pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}

/// Whether it comes true.
func comes(_ isTrue: () async throws -> Bool) async throws -> Bool {
    for _ in 0..<2000 {
        if try await isTrue() { return true }
        try await Task.sleep(for: .milliseconds(10))
    }
    return false
}

func isRunning(_ process: pid_t) -> Bool {
    guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
    return !stat.contains(") Z ")
}

/// Those whose parent it is.
func children(of process: pid_t) -> [pid_t] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { pid_t($0) }.filter { child in
        let stat = (try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)) ?? ""
        let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
        return fields.count > 1 && fields[1] == "\(process)"
    }
}

extension Pipe {
    /// All of it, when nobody writes any more.
    func text() throws -> String {
        String(decoding: try fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    }
}
