/// Releases that are used no more: taken away once the instances have been restarted.
struct CodeServerOldReleases: Resource {
    static let name = "old releases"

    let id: ResourceID
    let install: CodeServerInstall

    var runsAmongServices: Bool { true }

    func plan(_ now: Planning) async throws -> Plan {
        let prefix = CodeServerArchive.ownershipPrefix
        let ours = try now.probe.names(install.directory).filter { name in
            let path = "\(install.directory)/\(name)"
            guard name.hasPrefix(prefix), try now.probe.status(path)?.kind == .file else { return false }
            return OwnershipMark(ofFile: try now.probe.read(path)) != nil
        }
        let used = try used(now.probe)
        let sorted = ours.compactMap { CodeServerVersion($0.dropFirst(prefix.count)) }
            .filter { $0 != install.version }.sorted(by: >)
        let old = sorted.dropFirst(install.keep - 1).filter { !used.contains("\($0)") }
        guard !old.isEmpty else { return .unchanged }
        return .change(
            Change(
                .remove, facts: old.map { Fact("\($0)", "\(install.directory)/\($0)", "removed") },
                steps: old.map { version in
                    .run(
                        .administrative(
                            "Remove code-server \(version)",
                            [
                                "/bin/rm", "-rf", "--one-file-system", "--", "\(install.directory)/\(version)",
                                "\(install.directory)/\(prefix)\(version)",
                            ]))
                }))
    }

    /// Releases that instances run: those of another config are restarted when that has its turn, and are said by their drop-ins
    /// to run what they were last given; one whose restart failed shows among the processes.
    private func used(_ probe: Probe) throws -> Set<String> {
        let named = try CodeServerUnit.standing(probe).compactMap { CodeServerUnit.release(ofDropIn: $0.text) }
        let running = try probe.names("/proc").filter { $0.allSatisfy(\.isNumber) }.compactMap { process in
            // It may end meanwhile, and the kernel's own have none.
            let program = try? probe.linkTarget("/proc/\(process)/exe")
            guard let program, program.hasPrefix(install.directory + "/") else { return String?.none }
            return program.dropFirst(install.directory.count + 1).split(separator: "/").first.map(String.init)
        }
        return Set(named + running)
    }
}
