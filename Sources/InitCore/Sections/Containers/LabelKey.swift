// The key of the digests on our containers: /var/lib/ide-init/key, root's alone, made when the first one is needed.

struct LabelKey: Resource {
    static let path = "/var/lib/ide-init/key"
    /// No container's name has a blank.
    static let name = "label key"
    static let size = 32

    let id: ResourceID

    func plan(_ now: Planning) async throws -> Plan {
        guard try now.probe.status(Self.path) == nil else { return .unchanged }
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<Self.size).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let write = FileWrite(Self.path, .secret(Secret(bytes)), mode: 0o600, keepsBackup: false)
        return .change(
            Change(
                .create, facts: [Fact("content", .absent, .concealed)],
                steps: [.makeDirectory(path: "/var/lib/ide-init", mode: 0o711, owner: nil, group: nil), .write(write)]))
    }

    /// Nil: nothing of ours has ever been made here.
    static func read(_ probe: Probe) throws -> Secret? {
        guard try probe.status(path) != nil else { return nil }
        let bytes = try probe.read(path)
        guard bytes.count == size else {
            throw Failure(
                .host,
                "\(path) has \(bytes.count) bytes where \(size) belong; remove it, and the containers are made anew")
        }
        return Secret(bytes)
    }
}
