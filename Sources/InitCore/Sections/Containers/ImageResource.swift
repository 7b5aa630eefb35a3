// images/IMAGE: pulled once, however many containers are made of it.

struct ImageResource: Resource {
    let id: ResourceID
    let image: ImageName
    let pull: DecodedContainer.Pull
    let access: RegistryAccess?
    var runsSideBySide: Bool { true }

    static func all(
        _ containers: [DecodedContainer], _ registries: [String: RegistryAccess], _ input: SectionInput
    ) -> [ImageResource] {
        var strictest: [(image: ImageName, pull: DecodedContainer.Pull)] = []
        let order = DecodedContainer.Pull.allCases
        for container in containers {
            let (image, pull) = (container.spec.image, container.pull)
            guard let place = strictest.firstIndex(where: { $0.image == image }) else {
                strictest.append((image, pull))
                continue
            }
            // always, missing, never: whoever wants more gets it for all.
            func rank(_ pull: DecodedContainer.Pull) -> Int { pull == .always ? -1 : order.firstIndex(of: pull) ?? 0 }
            if rank(pull) < rank(strictest[place].pull) { strictest[place].pull = pull }
        }
        return strictest.map { image, pull in
            ImageResource(
                id: input.id("images/\(image)"), image: image, pull: pull, access: registries[image.registry])
        }
    }

    private var named: [NamedReference] {
        if case .password(let user, let password)? = access { user.references + password.references } else { [] }
    }

    var references: [Reference] { named.map(\.reference) }

    func plan(_ now: Planning) async throws -> Plan {
        let name = "\(image)"
        let found = try await now.probe.docker.image(name)
        switch pull {
        case .missing where found != nil, .always where found != nil && image.digest != nil: return .unchanged
        case .never:
            if found != nil { return .unchanged }
            throw Failure(
                .host,
                "image \(name) isn't on this host, and \u{201C}pull\u{201D} is never; docker load it before, or let it be pulled"
            )
        case .missing, .always: break
        }
        let login: RegistryLogin
        switch access {
        case nil: login = .none
        case .ecr?: login = .ecr(registry: image.registry)
        case .password(let user, let password)?:
            switch try await now.resolve(named) {
            case .values(let values): login = .password(user: try user.filled(values), try password.filled(values))
            case .unknown(let certainty):
                return .change(Change(.update, facts: facts(found, nil), steps: [], certainty: certainty))
            }
        }
        var published: String?
        if let found {
            published = try await now.probe.docker.publishedDigest(name, login)
            guard let published else {
                return .change(
                    Change(.update, facts: facts(found, nil), steps: [], certainty: .knownAfter("asking the registry")))
            }
            if found.digests.contains(published) { return .unchanged }
        }
        return .change(
            Change(
                found == nil ? .create : .update, facts: facts(found, published),
                steps: [.docker(.pull(image: name, login))]))
    }

    private func facts(_ found: ImageState?, _ published: String?) -> [Fact] {
        [Fact("digest", found?.digests.first, published ?? "pulled from \(image.registry)")]
    }
}
