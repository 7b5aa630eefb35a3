// What cfn-hup reads at its start: cfn-hup.conf, hooks.conf and every regular file in hooks.d, in the order of their names.

import Glibc
package import InitCore

/// What cfn-hup works by, read anew by SIGHUP.
package struct HupSetup: Sendable, Equatable {
    package let configuration: HupConfiguration
    package let hooks: [Hook]
    /// For standard error and the log.
    package let notes: [String]

    /// - Parameter directory: absolute, mostly /etc/cfn.
    /// - Throws: `Failure` that names the file; also when no usable hook is left.
    package init(directory: String, root: Root = Root()) throws {
        let files = FileProbe(root: root)
        let name = "\(directory)/\(HupConfiguration.fileName)"
        guard Self.isFile(name, root) else {
            throw Failure(.usage, "there is no \(name); write one with [main], stack=NAME and region=REGION")
        }
        do {
            var ini = Ini()
            try ini.merge(try Self.text(name, root), name: name)
            configuration = try HupConfiguration(ini)
        } catch {
            let message = Failure(wrapping: error).message
            throw Failure(.usage, message.hasPrefix(name) ? message : "\(name): \(message)")
        }
        var ini = Ini()
        var names: [String] = []
        let folder = "\(directory)/hooks.d"
        for name in ["\(directory)/hooks.conf"] + (try files.names(folder)).map({ "\(folder)/\($0)" })
        where Self.isFile(name, root) {
            try ini.merge(try Self.text(name, root), name: name)
            names.append(name)
        }
        let found = try Hooks(ini)
        hooks = found.usable
        notes = configuration.notes + found.notes
        guard hooks.isEmpty else { return }
        let reasons = found.notes.isEmpty ? "" : ": \(found.notes.joined(separator: "; "))"
        throw Failure(
            .usage,
            names.isEmpty
                ? "there are no hooks: neither \(directory)/hooks.conf nor a file in \(folder)"
                : "there is no usable hook in \(names.joined(separator: ", "))\(reasons)")
    }

    private static func isFile(_ path: String, _ root: Root) -> Bool {
        var info = stat()
        guard let place = try? root.resolve(path, followingLast: true) else { return false }
        return stat(place, &info) == 0 && info.st_mode & S_IFMT == S_IFREG
    }

    /// Links are followed: configuration is often linked from elsewhere.
    private static func text(_ path: String, _ root: Root) throws -> String {
        let descriptor = open(try root.resolve(path, followingLast: true), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemFailure("can't be read", path) }
        defer { close(descriptor) }
        let bytes = try readAll(descriptor, path)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(
                .usage, "\(path) isn't text in UTF-8; is it an editor's left-over? Every file in hooks.d counts")
        }
        return text
    }
}
