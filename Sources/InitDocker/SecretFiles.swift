// Secrets of containers: /var/lib/ide-init/secrets/CONTAINER/SPECIFICATION/NUMBER, root's directories, each file its user's alone.
// A specification has a directory of its own, so that a container that is taken back finds its secrets as they were.

import Glibc
import InitCore

struct SecretFiles: Sendable {
    let container: String
    let onHost: @Sendable (Step) async throws -> StepResult

    private var directory: String { "\(ContainerSecrets.place)/\(container)" }

    /// - Returns: what is to be mounted, read-only.
    func write(_ files: [ContainerWish.SecretFile], of spec: String, owner: NumericOwner) async throws -> [String] {
        guard !files.isEmpty else { return [] }
        let folder = "\(directory)/\(spec)"
        _ = try await onHost(.makeDirectory(path: "/var/lib/ide-init", mode: 0o711, owner: nil, group: nil))
        for path in [ContainerSecrets.place, directory, folder] {
            _ = try await onHost(.makeDirectory(path: path, mode: 0o700, owner: 0, group: 0))
        }
        var binds: [String] = []
        for (index, file) in files.enumerated() {
            let path = "\(folder)/\(index)"
            _ = try await onHost(
                .write(
                    FileWrite(
                        path, .secret(file.content), mode: 0o400, owner: owner.user, group: owner.group,
                        keepsBackup: false)))
            binds.append("\(path):\(file.path):ro")
        }
        return binds
    }

    /// What containers that are gone were given.
    /// - Parameter kept: the specification that is in use.
    /// - Throws: `Failure`: a secret that stays behind isn't to be passed over.
    func removeAll(but kept: String?) throws {
        let folders = try names(in: directory)
        for folder in folders where folder != kept {
            for name in try names(in: "\(directory)/\(folder)") {
                try check(unlink("\(directory)/\(folder)/\(name)"), "\(directory)/\(folder)/\(name)")
            }
            try check(rmdir("\(directory)/\(folder)"), "\(directory)/\(folder)")
        }
        if !folders.contains(where: { $0 == kept }) { try check(rmdir(directory), directory) }
    }

    private func check(_ result: Int32, _ path: String) throws {
        guard result == 0 || errno == ENOENT else {
            throw Failure(.host, "\(path) can't be removed: \(String(cString: strerror(errno)))")
        }
    }

    private func names(in path: String) throws -> [String] {
        guard let stream = opendir(path) else {
            if errno == ENOENT { return [] }
            throw Failure(.host, "\(path) can't be read: \(String(cString: strerror(errno)))")
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
