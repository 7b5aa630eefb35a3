// Whether somebody else holds a port that nginx is to listen to. At its start that is an error; at a reload nginx only writes it into its
// log, goes on as before, and its `-t` doesn't tell.

struct NginxPorts {
    private let probe: Probe
    /// The sockets of the process that runs now, by inode.
    private let own: Set<String>

    private static let pidFile = "/run/nginx.pid"

    /// Nil: it doesn't run, or can't be looked at without root.
    init?(_ probe: Probe) throws {
        guard try probe.status(Self.pidFile)?.kind == .file else { return nil }
        let text = String(decoding: try probe.read(Self.pidFile), as: UTF8.self).trimmingBlanks()
        guard let process = Int(text) else { return nil }
        let directory = "/proc/\(process)/fd"
        guard let names = try? probe.names(directory), !names.isEmpty else { return nil }
        let opening = "socket:["
        own = Set(
            names.compactMap { try? probe.linkTarget("\(directory)/\($0)") }.filter { $0.hasPrefix(opening) }.map {
                String($0.dropFirst(opening.count).dropLast())
            })
        guard !own.isEmpty else { return nil }
        self.probe = probe
    }

    func check(_ listens: [NginxListen]) throws {
        let held = try foreignPorts()
        guard let listen = listens.first(where: { $0.isEverywhere && held.contains($0.port) }) else { return }
        throw Failure(
            .host,
            "another program holds port \(listen.port), which \(listen.path) wants, so nginx would go on as before (ss -ltnp sport = :\(listen.port) tells which program). The file is in place: stop that program, and run this again"
        )
    }

    /// What others listen to (proc_net_tcp: `SL LOCAL:PORT REMOTE STATE … INODE`, hexadecimal; state 0A: listening).
    private func foreignPorts() throws -> Set<Int> {
        var ports: Set<Int> = []
        for table in ["/proc/net/tcp", "/proc/net/tcp6"] where try probe.status(table) != nil {
            for line in String(decoding: try probe.read(table), as: UTF8.self).split(separator: "\n").dropFirst() {
                let columns = line.split(separator: " ")
                guard columns.count > 9, columns[3] == "0A", !own.contains(String(columns[9])),
                    let port = columns[1].split(separator: ":").last.flatMap({ Int($0, radix: 16) })
                else { continue }
                ports.insert(port)
            }
        }
        return ports
    }
}
