// nginx: {NAME: {listen, serverName, healthCheckPath, certificate, ides, …}}: a server that leads paths to IDEs, in a file of its own.

let nginxSection = SectionType(key: Nginx.key, takesFacts: true, sweep: { NginxSweep($0) }) { input, diagnostics in
    let servers = Nginx.servers(input, &diagnostics)
    guard !servers.isEmpty else { return [] }
    return [NginxServers(servers, input), Nginx.service(of: servers, input)]
}

enum Nginx {
    static let key = "nginx"
    static let directory = "/etc/nginx/conf.d"
    static let prefix = "ide-init-"
    static let suffix = ".conf"
    static let main = "/etc/nginx/nginx.conf"
    static let unit = "nginx.service"
    /// Debian's, which answers for the port by default.
    static let stockSite = "/etc/nginx/sites-enabled/default"

    /// Asks nginx about the whole configuration as it would be.
    /// - Parameter origins: of the lines of our files among it.
    static func check(origins: [String: [String?]] = [:]) -> FileCheck {
        FileCheck(
            command: Command("nginx -t", .arguments(["nginx", "-t", "-q"]), timeout: 60), origins: origins,
            hints: [
                "a duplicate default server":
                    "Another server answers there whatever name is asked for: take \u{201C}default_server\u{201D} out of it (grep -r default_server /etc/nginx), or leave out healthCheckPath here",
                "host not found in upstream":
                    "nginx looks a name up when it starts; write an address, or a name in /etc/hosts",
                "server_names_hash":
                    "Write \u{201C}server_names_hash_bucket_size 128;\u{201D} into the http block of \(main), for a name as long as this",
                "bind() to": "Another program listens there, or the address isn't this host's",
            ])
    }

    static func change(of name: String) -> Mark { Mark(everywhere: key, name) }
    static let removal = Mark(everywhere: key, "no longer listed")

    fileprivate static func servers(_ input: SectionInput, _ diagnostics: inout Diagnostics) -> [NginxServer] {
        var servers: [NginxServer] = []
        for (name, node) in input.sortedItems(&diagnostics) {
            // With a count of its own a server's IDEs are filled in by that; else each may have one.
            let isCounted = node.given("count") != nil
            let hasOwnNames = node.given("serverName") != nil
            guard hasOwnNames || node.countsDomain(name, of: "server", &diagnostics) else { continue }
            let ides = node["ides"]
            let plain = isCounted ? node : node.without("ides")
            for (name, node) in plain.counted(name, input.facts, &diagnostics) {
                var own = Diagnostics(compatible: diagnostics.isCompatible)
                if let server = NginxServer(name, node, ides: isCounted ? node["ides"] : ides, input, &own) {
                    check(server, beside: servers, node, &own)
                    servers.append(server)
                }
                diagnostics.merge(own)
                // The others of its count would only say the same.
                if own.hasErrors { break }
            }
        }
        return servers
    }

    private static func check(
        _ server: NginxServer, beside others: [NginxServer], _ node: JSONNode, _ diagnostics: inout Diagnostics
    ) {
        for other in others {
            if server.fileName == other.fileName {
                diagnostics.error(
                    node.path, "its file would have the same name as that of \(other.name); rename one of them")
            }
            let shared = server.listens.first { listen in other.listens.contains { $0.text == listen.text } }
            guard let shared else { continue }
            if let name = server.names.first(where: other.names.contains), name != "_" {
                diagnostics.error(
                    server.namesPath,
                    "\(other.name) is already \(name) at \(shared.text), and nginx would pass over the second; only one server can"
                )
            }
            guard server.isDefault, other.isDefault else { continue }
            diagnostics.error(
                server.health?.path ?? server.namesPath,
                "\(other.name) already answers at \(shared.text) whatever name is asked for (a healthCheckPath or the name _ makes it do so); only one server can"
            )
        }
    }

    /// Enabled and running unless `services` beside it says otherwise.
    fileprivate static func service(of servers: [NginxServer], _ input: SectionInput) -> ServiceResource {
        let stated = ["nginx", unit].compactMap { input.siblings["services"]?["systemd"]?[$0] }.first
        var unheard = Diagnostics(compatible: true)
        let isEnabled = stated?.given("enabled")?.flag(&unheard) ?? true
        let isRunning = stated?.given("ensureRunning")?.flag(&unheard) ?? true
        let certificates = Set(servers.compactMap(\.certificate?.place.mark)).sorted { $0.name < $1.name }
        return ServiceResource(
            input.id(unit), unit: unit, isEnabled: isEnabled, isRunning: isRunning,
            reactsTo: isRunning ? servers.map { change(of: $0.name) } + [removal] + certificates : [],
            canReload: { [listens = servers.flatMap(\.listens)] now in
                // Who holds a port may be stopped before it.
                guard now.ledger.awaits("services", "commands") == nil else { return }
                try NginxPorts(now.probe)?.check(listens)
            })
    }
}

extension JSONNode {
    /// The map without that member.
    fileprivate func without(_ key: String) -> JSONNode {
        guard case .object(var object) = value else { return self }
        object[key] = nil
        return JSONNode(.object(object), at: path)
    }
}
