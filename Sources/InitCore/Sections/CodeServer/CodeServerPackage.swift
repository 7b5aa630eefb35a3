/// A .deb or .rpm of a release: fetched, checked, and handed to the package manager, which finds what it needs.
struct CodeServerPackage: Resource {
    let id: ResourceID
    let install: CodeServerInstall

    private static let cache = "/var/cache/ide-init"

    var references: [Reference] { install.source.references.map(\.reference) }

    func plan(_ now: Planning) async throws -> Plan {
        let installed = try await installed(now)
        if installed == "\(install.version)" { return .unchanged }
        let facts = [
            Fact("version", installed, "\(install.version)"), Fact("source", nil, install.source.bare.shownURL),
        ]
        switch try await now.resolve(install.source.references) {
        case .unknown(let certainty):
            return .change(Change(.update, facts: facts, steps: [], certainty: certainty))
        case .values(let values):
            let isOlder = installed.flatMap { CodeServerVersion($0) }.map { $0 > install.version } ?? false
            let file = "\(Self.cache)/code-server-\(install.version).\(install.kind == .deb ? "deb" : "rpm")"
            let words = try words(file, isOlder: isOlder, now)
            return .change(
                Change(
                    installed == nil ? .create : .update, facts: facts,
                    steps: [
                        .write(
                            FileWrite(
                                file, .download(try install.source.download(values)), mode: 0o644, owner: 0, group: 0,
                                keepsBackup: false)),
                        .run(
                            .installation(
                                of: ["code-server \(install.version)"], words,
                                setting: ["DEBIAN_FRONTEND": "noninteractive"])),
                        .remove(path: file),
                    ], plansAgain: true, mustShow: true))
        }
    }

    /// Nil: it isn't. Without a package's own revision.
    private func installed(_ now: Planning) async throws -> String? {
        switch install.kind {
        case .deb:
            let lines = try await now.answer(.debsInstalled(["code-server"])).fields(3)
            let version = lines.first { $0[2].dropFirst().first == "i" }?[1]
            return version.map { String($0.prefix { $0 != "-" && $0 != "+" }) }
        case .rpm, .archive:
            return try await RPMDatabase.installed(["code-server"], now)["code-server"]?.max()?.version
        }
    }

    private func words(_ file: String, isOlder: Bool, _ now: Planning) throws -> [String] {
        if install.kind == .deb {
            return Apt.get + ["-q", "-y"] + (isOlder ? ["--allow-downgrades"] : []) + ["install", file]
        }
        for program in ["dnf", "yum"] where try now.probe.status("/usr/bin/\(program)") != nil {
            return [program, "-y", "--setopt=*.skip_if_unavailable=1", isOlder ? "downgrade" : "install", file]
        }
        if try now.probe.status("/usr/bin/zypper") != nil {
            return ["zypper", "--non-interactive", "--no-gpg-checks", "install", "--oldpackage", file]
        }
        return ["rpm", "-U", "--oldpackage", file]
    }
}
