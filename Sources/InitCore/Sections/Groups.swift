// groups: {NAME: {gid?}}. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-init.html

let groupsSection = SectionType(key: "groups") { input, diagnostics in
    input.sortedItems(&diagnostics).map { name, node in
        // cfn-init takes an empty list for an empty map.
        if !node.isList || !node.items.isEmpty { _ = node.map(&diagnostics) }
        node.checkKeys(["gid"], &diagnostics)
        let gid = node.given("gid")?.whole(&diagnostics, 0...Int(UInt32.max - 1))
        return GroupResource(id: input.id(name), gid: gid.map(UInt32.init), mark: input.mark(name))
    }
}

struct GroupResource: Resource {
    let id: ResourceID
    let gid: UInt32?
    let mark: Mark

    func plan(_ now: Planning) async throws -> Plan {
        if let found = try await now.probe.group(id.name) {
            if let gid, found.id != gid {
                throw Failure(
                    .host,
                    "group \(id.name) exists with gid \(found.id), and \(gid) is wanted; "
                        + "change the document, or the group with groupmod -g \(gid) \(id.name)")
            }
            return .unchanged
        }
        var words = ["/usr/sbin/groupadd", "-r"]
        if let gid { words += ["-g", String(gid)] }
        return .change(
            Change(
                .create, facts: gid.map { [Fact("gid", nil, String($0))] } ?? [],
                steps: [.run(.administrative("Create group \(id.name)", words + [id.name]))], marks: [mark]))
    }
}

extension Command {
    /// A system tool that must not be cut off half way.
    static func administrative(_ title: String, _ words: [String], setting: [String: String] = [:]) -> Command {
        var command = Command(title, .arguments(words), environment: .inherited(setting: setting))
        command.finishesOnStop = true
        return command
    }

    /// Tried again: mirrors fail, and another's transaction may hold rpm's lock.
    static func installation(of specs: [String], _ words: [String], setting: [String: String] = [:]) -> Command {
        var command = administrative("Install \(specs.joined(separator: ", "))", words, setting: setting)
        command.retries = 2
        return command
    }
}
