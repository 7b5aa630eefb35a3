// One thread for what only one thread may touch: it does what it is given, piece after piece, and ends with its owner.

import CLinux
import Glibc

final class WorkThread: Sendable {
    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// A pipe of addresses: eight bytes are written and read whole.
    private let writeEnd: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        linuxPipe(&ends)
        writeEnd = ends[1]
        let readEnd = ends[0]
        guard readEnd >= 0 else { return }
        onThread {
            var address = UInt(0)
            while read(readEnd, &address, MemoryLayout<UInt>.size) == MemoryLayout<UInt>.size {
                guard let work = UnsafeRawPointer(bitPattern: address) else { continue }
                Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body()
            }
            close(readEnd)
        }
    }

    deinit { close(writeEnd) }

    func run<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            let work = Work { continuation.resume(returning: body()) }
            let reference = Unmanaged.passRetained(work)
            var address = UInt(bitPattern: reference.toOpaque())
            if write(writeEnd, &address, MemoryLayout<UInt>.size) == MemoryLayout<UInt>.size { return }
            // Without a pipe to spare the caller's thread has to do; nobody else has one then either.
            reference.release()
            work.body()
        }
    }
}
