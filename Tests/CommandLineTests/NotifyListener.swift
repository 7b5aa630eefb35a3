// A service manager's end of the notify socket.

import Foundation
import Testing

final class NotifyListener {
    private let descriptor: Int32
    /// For NOTIFY_SOCKET.
    let address: String

    /// - Parameter address: a path, or a name in the abstract namespace with @ before it.
    init(_ address: String) throws {
        self.address = address
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var place = sockaddr_un()
        place.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(address.utf8)
        if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &place.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let bound = withUnsafePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        try #require(bound == 0, "\(String(cString: strerror(errno)))")
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// The next message, line by line.
    func next() throws -> [String] {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        try #require(count > 0, "nothing was told within 30 s")
        return String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// All messages up to the one that holds a line with this beginning.
    func messages(to beginning: String) throws -> [[String]] {
        var messages: [[String]] = []
        repeat { messages.append(try next()) } while !messages[messages.count - 1].contains { $0.hasPrefix(beginning) }
        return messages
    }
}
