// users: {NAME: {uid?, groups?, homeDir?}}: system accounts without a login and without a home made for them.

let usersSection = SectionType(key: "users") { input, diagnostics in
    input.sortedItems(&diagnostics).map { name, node in
        if !node.isList || !node.items.isEmpty { _ = node.map(&diagnostics) }
        node.checkKeys(["uid", "groups", "homeDir"], &diagnostics)
        return UserResource(
            id: input.id(name),
            uid: node.given("uid")?.whole(&diagnostics, 0...Int(UInt32.max - 1)).map(UInt32.init),
            groups: node.given("groups")?.texts(&diagnostics),
            home: node.given("homeDir")?.text(&diagnostics),
            mark: input.mark(name))
    }
}

struct UserResource: Resource {
    let id: ResourceID
    let uid: UInt32?
    let groups: [String]?
    let home: String?
    let mark: Mark

    func plan(_ now: Planning) async throws -> Plan {
        guard let found = try await now.probe.user(id.name) else { return try await create(now) }
        if let uid, found.id != uid {
            throw Failure(
                .host,
                "user \(id.name) exists with uid \(found.id), and \(uid) is wanted; "
                    + "change the document, or the user with usermod -u \(uid) \(id.name)")
        }
        var facts: [Fact] = []
        var words = ["/usr/sbin/usermod"]
        if let groups, Set(groups) != Set(found.groups), !groups.isEmpty {
            let wished = try await numbers(of: groups, now)
            if try await Set(wished) != Set(numbers(of: found.groups, now)) {
                words += ["-G", wished.joined(separator: ",")]
                facts.append(
                    Fact("groups", found.groups.sorted().joined(separator: ","), groups.joined(separator: ",")))
            }
        }
        if let home, !home.isEmpty, home != found.home {
            words += ["-d", home]
            facts.append(Fact("homeDir", found.home, home))
        }
        guard !facts.isEmpty else { return .unchanged }
        return .change(
            Change(
                .update, facts: facts,
                steps: [.run(.administrative("Change user \(id.name)", words + [id.name]))], marks: [mark]))
    }

    private func create(_ now: Planning) async throws -> Plan {
        var facts: [Fact] = []
        var words = ["/usr/sbin/useradd", "-M", "-r", "--shell", "/sbin/nologin"]
        if let home, !home.isEmpty {
            words += ["-d", home]
            facts.append(Fact("homeDir", nil, home))
        }
        if let uid {
            words += ["-u", String(uid)]
            facts.append(Fact("uid", nil, String(uid)))
        }
        if let groups, !groups.isEmpty {
            words += ["-G", try await numbers(of: groups, now).joined(separator: ",")]
            facts.append(Fact("groups", nil, groups.joined(separator: ",")))
        }
        // Without -g useradd refuses a user whose own group exists already.
        if try await now.probe.group(id.name) != nil || now.ledger.awaits("groups", id.name) != nil {
            words += ["-g", id.name]
        }
        return .change(
            Change(
                .create, facts: facts,
                steps: [.run(.administrative("Create user \(id.name)", words + [id.name]))], marks: [mark]))
    }

    private func numbers(of names: [String], _ now: Planning) async throws -> [String] {
        var numbers: [String] = []
        for name in names {
            if let group = try await now.probe.group(name) {
                numbers.append(String(group.id))
            } else if now.ledger.awaits("groups", name) != nil || now.ledger.awaits("packages") != nil {
                numbers.append(name)
            } else {
                throw Failure(
                    .host,
                    "there is no group \(name), which user \(id.name) is to be in; add it to groups, or mend its name")
            }
        }
        return numbers
    }
}
