// A child's output: scrubbed as it comes, and only head and tail kept when it is long.

import CLinux
import Glibc
import InitCore
import Synchronization
import SystemPackage

final class OutputPipe: Sendable {
    private static let headBytes = 64 << 10
    private static let tailBytes = 64 << 10

    private struct Captured: Sendable {
        var stream: ScrubbingStream
        var head: [UInt8] = []
        var tail: [UInt8] = []
        var dropped = 0
        var isOpen = true

        mutating func keep(_ bytes: [UInt8]) {
            let room = OutputPipe.headBytes - head.count
            head += bytes.prefix(room)
            tail += bytes.dropFirst(room)
            if tail.count > 2 * OutputPipe.tailBytes {
                let surplus = tail.count - OutputPipe.tailBytes
                tail.removeFirst(surplus)
                dropped += surplus
            }
        }
    }

    let readEnd: FileDescriptor
    let writeEnd: FileDescriptor
    private let captured: Mutex<Captured>

    init(_ scrubber: Scrubber) throws {
        var ends: [Int32] = [0, 0]
        guard linuxPipe(&ends) == 0 else { throw systemFailure("no pipe can be made", "output") }
        readEnd = FileDescriptor(rawValue: ends[0])
        writeEnd = FileDescriptor(rawValue: ends[1])
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        captured = Mutex(Captured(stream: scrubber.stream()))
    }

    deinit { close(readEnd.rawValue) }

    /// Until its last writer has closed it.
    var isOpen: Bool { captured.withLock(\.isOpen) }

    /// Takes what is there now, but of a writer that never pauses only so much.
    func drain() {
        captured.withLock { captured in
            withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 1) { buffer in
                for _ in 0..<64 where captured.isOpen {
                    let count = read(readEnd.rawValue, buffer.baseAddress, buffer.count)
                    if count < 0, errno == EINTR { continue }
                    if count == 0 { captured.isOpen = false }
                    guard count > 0 else { return }
                    captured.keep(captured.stream.append(Array(buffer[..<count])[...]))
                }
            }
        }
    }

    /// Whoever still has the other end lives on, and would be killed by its next write if nobody read it any more: a cat(1)
    /// of its own reads for it until it ends.
    func leaveToItself() {
        guard isOpen else { return }
        _ = fcntl(readEnd.rawValue, F_SETFL, 0)
        linuxReadToEnd(readEnd.rawValue)
    }

    func collected() -> [UInt8] {
        captured.withLock { captured in
            captured.keep(captured.stream.finish())
            let surplus = max(0, captured.tail.count - Self.tailBytes)
            let dropped = captured.dropped + surplus
            guard dropped > 0 else { return captured.head + captured.tail }
            let note = "\n[… \(dropped) bytes left out …]\n"
            return captured.head + Array(note.utf8) + captured.tail.dropFirst(surplus)
        }
    }
}
