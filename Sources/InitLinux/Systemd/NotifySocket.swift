// What a service tells its manager: sd_notify(3). Where nobody listens nothing is sent, and that is fine.

import CLinux
import CSystemd
import Glibc

package struct NotifySocket: Sendable {
    private let address: String

    /// Nil: nobody listens. The variable stays for libsystemd, and no command of ours inherits it.
    package init?() {
        guard let address = getenv("NOTIFY_SOCKET").map({ String(cString: $0) }), !address.isEmpty else { return nil }
        self.address = address
    }

    /// `READY=1`, `STATUS=…`; a newline in a value would begin another assignment.
    package func send(_ assignments: [String]) {
        let text = assignments.map { $0.replacing("\n", with: " ") }.joined(separator: "\n")
        guard let (machine, port) = vsock else {
            sd_notify(0, text)
            return
        }
        linuxNotifyMachine(machine, port, text)
    }

    /// `vsock:CID:PORT`, which libsystemd knows since 254 only: a machine's service telling the manager of its host.
    private var vsock: (machine: UInt32, port: UInt32)? {
        let parts = address.split(separator: ":")
        guard parts.count == 3, parts[0].hasPrefix("vsock"), let machine = UInt32(parts[1]), let port = UInt32(parts[2])
        else { return nil }
        return (machine, port)
    }
}
