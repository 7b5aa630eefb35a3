// codeServer: {install: {…}, instances: {NAME: {user, count, config, …}}}: code-server for the users of this machine, each by a
// unit of its own. By kind and not by instance: all files, then what the units have in common, then what takes long.

let codeServerSection = SectionType(
    key: "codeServer",
    references: ["password", "hashed-password", "github-auth"].map { ["instances", "*", "config", $0] }
        + [["install", "source"]],
    takesFacts: true, sweep: { CodeServerSweep(scope: $0) }
) { input, diagnostics in
    _ = input.node.map(&diagnostics)
    input.node.checkKeys(["install", "instances"], &diagnostics)
    let install = input.node.given("install").flatMap { node in
        let filled = node.counted(CodeServerInstall.name, input.facts, &diagnostics).first?.node
        return filled.flatMap { CodeServerInstall($0, input, &diagnostics) }
    }
    let program = install?.program ?? CodeServerProgram(installed: nil, version: nil)
    let instances = CodeServerInstances(input, version: program.version, &diagnostics).all
    var resources: [any Resource] = []
    if let install {
        let id = input.id(CodeServerInstall.name)
        resources.append(
            install.kind == .archive
                ? CodeServerArchive(id: id, install: install, ownership: input.ownership(CodeServerInstall.name))
                : CodeServerPackage(id: id, install: install))
    }
    resources += instances.map { instance in
        CodeServerInstanceFiles(
            id: input.id(instance.name), instance: instance, program: program,
            ownership: input.ownership(instance.name), mark: input.mark(instance.name))
    }
    if !instances.isEmpty { resources.append(CodeServerUnitTemplate(id: input.id(CodeServerUnitTemplate.name))) }
    resources += instances.filter { !$0.extensions.isEmpty }.map {
        CodeServerExtensions(id: input.id("\($0.name)/extensions"), instance: $0, program: program)
    }
    resources += instances.map { instance in
        CodeServerService(
            id: input.id("\(instance.name)/unit"), instance: instance,
            reactsTo: [input.mark(instance.name)] + [instance.certificate?.mark].compactMap { $0 })
    }
    if let install, install.kind == .archive {
        resources.append(CodeServerOldReleases(id: input.id(CodeServerOldReleases.name), install: install))
    }
    return resources
}

/// The items of `instances`, and what no two of them may share.
private struct CodeServerInstances {
    private(set) var all: [CodeServerInstance] = []

    init(_ input: SectionInput, version: CodeServerVersion?, _ diagnostics: inout Diagnostics) {
        let items = (input.node.given("instances")?.map(&diagnostics) ?? []).sorted {
            $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
        }
        var names: Set<String> = [CodeServerInstall.name, CodeServerUnitTemplate.name, CodeServerOldReleases.name]
        var users: [String: String] = [:]
        var addresses: [String: String] = [:]
        for (key, item) in items {
            if !item.isMap { item.complain("a map", &diagnostics) }
            var told: Set<String> = []
            for (name, node) in item.counted(key, input.facts, keeping: ["settings", "config"], &diagnostics) {
                var own = Diagnostics(compatible: diagnostics.isCompatible)
                let instance = CodeServerInstance(name, node, version: version, input, &own)
                if !names.insert(name).inserted {
                    own.error(
                        item.path,
                        "\u{201C}\(name)\u{201D} is already the name of another item here; rename one of them")
                }
                if let instance {
                    if let other = users.updateValue(name, forKey: instance.user) {
                        own.error(
                            item.path,
                            "\(other) is of the user \(instance.user), too, and config.yaml lies in the home; give each a user of its own"
                        )
                    }
                    if let address = instance.address, let other = addresses.updateValue(name, forKey: address) {
                        own.error(
                            item.path,
                            "\(other) is to listen at \(address), too, and only one of the two can; give each a \u{201C}bind-addr\u{201D} of its own"
                        )
                    }
                    all.append(instance)
                }
                // What all of a count have in common is told once.
                for item in own.items where told.insert(item.line).inserted { diagnostics.append(item) }
            }
        }
    }
}

extension CodeServerInstance {
    /// Where it listens: an address or a socket.
    var address: String? {
        if let socket = configuration["socket"] { return socket }
        return configuration.address?.text
    }
}
