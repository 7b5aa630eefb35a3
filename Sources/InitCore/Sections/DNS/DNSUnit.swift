// The unit that makes the records at boot and takes them away when the machine is switched off: a package's, else ours.

package enum DNSUnit {
    /// Seconds that a boot's sync takes at most, well below TimeoutStartSec: a unit whose time is over has failed, and is not stopped.
    package static let bootBudget = 600.0
    static let name = "ide-init-dns.service"
    static let path = "/etc/systemd/system/\(name)"
    /// Where packages put it.
    fileprivate static let packaged = [
        "/usr/lib/systemd/system", "/lib/systemd/system", "/usr/local/lib/systemd/system",
    ]
    .map { "\($0)/\(name)" }

    static func resources(_ input: SectionInput) -> [any Resource] {
        [
            DNSUnitFile(id: input.id(path), mark: input.ownership(path)),
            DNSUnitService(service: ServiceResource(input.id(name), unit: name)),
        ]
    }

    /// units/ide-init-dns.service, which a test compares.
    static let text = """
        # This machine's names in the DNS: made at boot, taken away when it is switched off, left alone by a restart. The dns section installs
        # and enables it. Which names: the document of the last run from a stack.
        #
        # systemd-analyze security: 2.4 OK. It asks instance metadata and Route 53, systemd and the Docker daemon, as root.
        [Unit]
        Description=This machine's names in the DNS
        Documentation=man:ide-init(8)
        Wants=network-online.target
        # And so stopped before these. Containers that come back with their daemon are there when their names are looked at.
        After=network-online.target nss-lookup.target docker.service

        [Service]
        Type=oneshot
        RemainAfterExit=yes
        # The journal tells how it went. A unit that has failed isn't stopped, so names that an apply made would stay at the end.
        ExecStart=-/opt/aws/bin/ide-init dns sync --boot
        # Not ExecStop, which is left out where the machine is switched off while the names are being made.
        ExecStopPost=/opt/aws/bin/ide-init dns remove --at-poweroff
        TimeoutStartSec=15min
        TimeoutStopSec=30s
        CapabilityBoundingSet=
        KeyringMode=private
        LockPersonality=yes
        MemoryDenyWriteExecute=yes
        NoNewPrivileges=yes
        PrivateDevices=yes
        PrivateTmp=yes
        ProtectClock=yes
        ProtectControlGroups=yes
        # A profile may stand in root's.
        ProtectHome=read-only
        ProtectHostname=yes
        ProtectKernelLogs=yes
        ProtectKernelModules=yes
        ProtectKernelTunables=yes
        ProtectSystem=full
        RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
        RestrictNamespaces=yes
        RestrictRealtime=yes
        RestrictSUIDSGID=yes
        SystemCallArchitectures=native
        SystemCallFilter=@system-service
        SystemCallErrorNumber=EPERM

        [Install]
        WantedBy=multi-user.target

        """
}

/// Enabled and started, where there is a systemd to do so (sd_booted(3)).
private struct DNSUnitService: Resource {
    let service: ServiceResource

    var id: ResourceID { service.id }
    var unit: ServiceResource? { service }

    static func isOfUse(_ probe: Probe) throws -> Bool { try probe.status("/run/systemd/system") != nil }

    func plan(_ now: Planning) async throws -> Plan {
        guard try Self.isOfUse(now.probe) else {
            return .skip(
                "systemd doesn't run here: before this machine goes, its names are to be taken away by ide-init dns remove"
            )
        }
        return try await service.plan(now)
    }
}

/// Where no package brought it.
private struct DNSUnitFile: Resource {
    let id: ResourceID
    let mark: OwnershipMark

    var lonePath: String? { DNSUnit.path }

    private static let program = "/opt/aws/bin/ide-init"

    func plan(_ now: Planning) async throws -> Plan {
        guard try DNSUnitService.isOfUse(now.probe) else { return .unchanged }
        for path in DNSUnit.packaged where try now.probe.status(path) != nil { return .unchanged }
        let wished = Array("# \(mark.header)\n\(text(now.probe))".utf8)
        var found: [UInt8]?
        if try now.probe.status(DNSUnit.path) != nil {
            found = try now.probe.read(DNSUnit.path)
            // An admin's own stays, and so does one that another config of ours has written.
            let isSame = found.map { Self.body($0) == Self.body(wished) } ?? false
            if isSame || found.flatMap({ OwnershipMark(ofFile: $0) }) == nil { return .unchanged }
        }
        return .change(
            Change(
                found == nil ? .create : .update,
                facts: [Fact("content", found.map(Fact.Value.content) ?? .absent, .content(wished))],
                steps: [
                    .write(
                        FileWrite(DNSUnit.path, .bytes(wished), mode: 0o644, owner: 0, group: 0, keepsBackup: false))
                ]))
    }

    private static func body(_ file: [UInt8]) -> ArraySlice<UInt8> {
        file.drop { $0 != UInt8(ascii: "\n") }
    }

    /// With the program where it is, if that isn't where it belongs.
    private func text(_ probe: Probe) -> String {
        guard (try? probe.status(Self.program)) ?? nil == nil, let here = try? probe.linkTarget("/proc/self/exe") else {
            return DNSUnit.text
        }
        return DNSUnit.text.replacing(Self.program, with: here)
    }
}
