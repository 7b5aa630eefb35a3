// Whether systemd has to read its unit files again (daemon-reload): when something from which it makes units has changed
// since it last read them.

import Glibc
import InitCore

enum UnitFiles {
    /// Where units lie, and what systemd's generators make units from. systemd.unit(5), systemd.generator(7), podman-systemd.unit(5).
    private static let directories = [
        "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
        "/lib/systemd/system", "/etc/systemd/system-generators", "/usr/local/lib/systemd/system-generators",
        "/usr/lib/systemd/system-generators", "/etc/init.d", "/etc/rc2.d", "/etc/rc3.d", "/etc/rc4.d", "/etc/rc5.d",
        "/etc/rc.d", "/etc/containers/systemd", "/usr/share/containers/systemd",
    ]
    private static let files = ["/etc/fstab", "/etc/crypttab"]
    /// Drop-ins and links to wants lie one level down, a Quadlet's drop-ins two.
    private static let depth = 2

    /// Seconds since 1970, by the time of the last change of anything there (ctime: a package's files are older than
    /// their installation).
    static func newestChange(under root: Root = Root()) throws -> Double {
        let probe = FileProbe(root: root)
        var newest = 0.0
        var seen: Set<String> = []
        func look(_ path: String, _ depth: Int) throws {
            guard let info = status(try root.resolve(path), lstat) else { return }
            newest = max(newest, time(info))
            guard info.st_mode & S_IFMT != S_IFLNK else {
                // A unit's file may lie elsewhere; a directory that does is read at its own place.
                let target = status(try root.resolve(path, followingLast: true), stat)
                if let target, target.st_mode & S_IFMT == S_IFREG {
                    newest = max(newest, time(target))
                }
                return
            }
            guard info.st_mode & S_IFMT == S_IFDIR, depth > 0, seen.insert("\(info.st_dev) \(info.st_ino)").inserted
            else { return }
            for name in try probe.names(path) { try look("\(path)/\(name)", depth - 1) }
        }
        for directory in directories { try look(directory, depth + 1) }
        for file in files { try look(file, 0) }
        return newest
    }

    private static func status(
        _ place: String, _ call: (UnsafePointer<CChar>, UnsafeMutablePointer<stat>) -> Int32
    ) -> stat? {
        var info = stat()
        return call(place, &info) == 0 ? info : nil
    }

    private static func time(_ info: stat) -> Double {
        Double(info.st_ctim.tv_sec) + Double(info.st_ctim.tv_nsec) / 1e9
    }
}
