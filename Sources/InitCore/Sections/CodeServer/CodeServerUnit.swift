// The unit of an instance: the template of units/, which a package brings or else we write, and a drop-in of the instance's own.

enum CodeServerUnit {
    static let directory = "/etc/systemd/system"
    /// Names of the credentials.
    static let certificate = "cert.pem"
    static let key = "key.pem"

    static func dropIn(_ unit: String) -> String { "\(directory)/\(unit).d/ide-init.conf" }

    /// An address that answers with the machine's role; both are denied by the template, too.
    private static let instanceMetadata = "169.254.169.254 fd00:ec2::254"

    /// - Parameter release: what the program was when this was written: another is a change that needs a restart, whoever brought it.
    static func dropIn(
        _ instance: CodeServerInstance, _ home: CodeServerHome, program: String, release: String?, shell: String?,
        _ ownership: OwnershipMark
    ) -> String {
        var lines = ["# " + ownership.header] + [release.map { releaseOpening + $0 }].compactMap { $0 }
        lines += ["[Service]", "User=\(home.account.name)"]
        lines.append("WorkingDirectory=\(escaped(home.path))")
        if let shell { lines.append("Environment=SHELL=\(shell)") }
        let words = [program, "--config", home.configuration] + [home.folder].compactMap { $0 }
        lines += ["ExecStart=", "ExecStart=" + words.map(word).joined(separator: " ")]
        if let place = instance.certificate {
            lines.append("LoadCredential=\(certificate):\(escaped(place.certificatePath))")
            lines.append("LoadCredential=\(key):\(escaped(place.privateKeyPath))")
        }
        if let port = instance.configuration.address?.port, port < 1024 {
            lines += ["AmbientCapabilities=CAP_NET_BIND_SERVICE", "CapabilityBoundingSet=CAP_NET_BIND_SERVICE"]
        }
        lines.append("IPAddressDeny=" + (instance.reachesInstanceMetadata ? "" : instanceMetadata))
        return lines.joined(separator: "\n") + "\n"
    }

    private static let releaseOpening = "# code-server "

    /// The release that a drop-in of ours names.
    static func release(ofDropIn text: [UInt8]) -> String? {
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n").prefix(2)
        return lines.last.flatMap { $0.hasPrefix(releaseOpening) ? String($0.dropFirst(releaseOpening.count)) : nil }
    }

    /// The drop-ins of our instances that stand there, whoever's they are.
    static func standing(_ probe: Probe) throws -> [(unit: String, text: [UInt8], mark: OwnershipMark)] {
        try probe.names(directory).compactMap { name in
            guard name.hasPrefix("ide-init-code-server@"), name.hasSuffix(".service.d") else { return nil }
            let unit = String(name.dropLast(2))
            let path = dropIn(unit)
            guard try probe.status(path)?.kind == .file else { return nil }
            let text = try probe.read(path)
            return OwnershipMark(ofFile: text).map { (unit, text, $0) }
        }
    }

    /// One word of a command line, as systemd.service(5) reads it.
    private static func word(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"'\\%$;".utf8.contains($0) }
        if isPlain { return text }
        let quoted = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("$", with: "$$")
        return "\"\(escaped(quoted))\""
    }

    /// A % begins a specifier anywhere in a unit.
    private static func escaped(_ text: String) -> String { text.replacing("%", with: "%%") }
}

/// The template, where no package has brought it.
struct CodeServerUnitTemplate: Resource {
    static let name = "unit"

    let id: ResourceID

    private static let file = "ide-init-code-server@.service"
    private static let packaged = ["/usr/lib/systemd/system", "/lib/systemd/system", "/usr/local/lib/systemd/system"]

    func plan(_ now: Planning) async throws -> Plan {
        let path = "\(CodeServerUnit.directory)/\(Self.file)"
        let wished = Array(Self.text.utf8)
        guard let found = try now.probe.status(path) else {
            for directory in Self.packaged where try now.probe.status("\(directory)/\(Self.file)") != nil {
                return .unchanged
            }
            return .change(
                Change(.create, facts: [Fact("content", .absent, .content(wished))], steps: [write(path, wished)]))
        }
        // One of an administrator's own is meant to stand in front of ours.
        let old = found.kind == .file ? try now.probe.read(path) : []
        guard old != wished, let line = Self.text.split(separator: "\n").first, old.starts(with: line.utf8) else {
            return .unchanged
        }
        return .change(
            Change(.update, facts: [Fact("content", .content(old), .content(wished))], steps: [write(path, wished)]))
    }

    private func write(_ path: String, _ text: [UInt8]) -> Step {
        .write(FileWrite(path, .bytes(text), mode: 0o644, owner: 0, group: 0, keepsBackup: false))
    }

    /// As units/ide-init-code-server@.service has it; a test compares them.
    static let text = """
        # One code-server of one user, configured by the codeServer section. A drop-in of that section says what an instance needs: its user and
        # command, a certificate and its key (LoadCredential=), a port below 1024 (AmbientCapabilities=CAP_NET_BIND_SERVICE).
        #
        # systemd-analyze security: 3.5 OK. A terminal runs in it: programs of all kinds, compilers and debuggers too.
        [Unit]
        Description=code-server, instance %i
        Documentation=https://coder.com/docs/code-server man:ide-init(8)
        After=network.target
        # Without it this would be a code-server of root.
        ConditionPathExists=/etc/systemd/system/%n.d/ide-init.conf

        [Service]
        Type=exec
        ExecStart=/opt/code-server/current/bin/code-server
        Restart=always
        RestartSec=2s
        # What a user starts in a terminal goes with it.
        KillMode=control-group
        # A terminal must not read the machine's role.
        IPAddressDeny=169.254.169.254 fd00:ec2::254
        CapabilityBoundingSet=
        NoNewPrivileges=yes
        LockPersonality=yes
        PrivateMounts=yes
        PrivateTmp=yes
        ProtectClock=yes
        ProtectControlGroups=yes
        ProtectHostname=yes
        ProtectKernelLogs=yes
        ProtectKernelModules=yes
        ProtectKernelTunables=yes
        ProtectProc=invisible
        ProtectSystem=full
        RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
        RestrictRealtime=yes
        RestrictSUIDSGID=yes
        SystemCallArchitectures=native
        # Debuggers, and containers without root, need the others.
        SystemCallFilter=~@clock @cpu-emulation @module @obsolete @raw-io @reboot @swap
        SystemCallErrorNumber=EPERM

        [Install]
        WantedBy=multi-user.target

        """
}
