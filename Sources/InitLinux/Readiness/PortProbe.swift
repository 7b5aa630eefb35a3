// Whether a TCP port takes a connection, at any of its host's addresses.

import CLinux
import Glibc
import InitCore

struct PortProbe: Sendable {
    let stop: StopSwitch

    func ask(_ host: String, _ port: Int, within seconds: Double) -> CheckAnswer {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, "\(port)", &hints, &found)
        defer { if let found { freeaddrinfo(found) } }
        guard code == 0 else { return .notYet("\(host): \(String(cString: gai_strerror(code)))") }
        let deadline = monotonicSeconds() + seconds
        var words = "there is no address of \(host)"
        var next = found
        while let address = next?.pointee {
            guard let trouble = connect(address, until: deadline) else { return .ready }
            words = trouble
            next = address.ai_next
        }
        return .notYet(words)
    }

    /// - Returns: what kept it; nil: it is connected.
    private func connect(_ address: addrinfo, until deadline: Double) -> String? {
        let flags = Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let socket = Glibc.socket(address.ai_family, address.ai_socktype | flags, address.ai_protocol)
        guard socket >= 0 else { return words(errno) }
        defer { close(socket) }
        if Glibc.connect(socket, address.ai_addr, address.ai_addrlen) == 0 { return nil }
        guard errno == EINPROGRESS else { return words(errno) }
        while true {
            var descriptors = [
                pollfd(fd: socket, events: Int16(POLLOUT), revents: 0),
                pollfd(fd: stop.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            let left = deadline - monotonicSeconds()
            if left <= 0 || stop.stopReason != nil { return "no connection within the time for it" }
            let count = poll(&descriptors, 2, Int32(left * 1000) + 1)
            if count < 0, errno != EINTR { return words(errno) }
            if count > 0, descriptors[0].revents != 0 { break }
        }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &size)
        return code == 0 ? nil : words(code)
    }

    /// As in the middle of a sentence.
    private func words(_ code: Int32) -> String {
        let text = String(cString: strerror(code))
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
