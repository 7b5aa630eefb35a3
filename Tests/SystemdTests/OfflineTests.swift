// services in another root, where no systemd runs: units are enabled, nothing is started.

import Foundation
import Testing

@Suite(
    .enabled(
        if: Machine.isThere || Machine.isRequired,
        "another root needs root and IDE_INIT_ROOTS, the folder where test roots are kept"))
struct OfflineTests {
    /// Runs a shell script with $ROOT, a throw-away copy of the root that is gone afterwards, and $PROGRAM.
    private func offline(_ script: String, hasProc: Bool = true, documents: [Config]) throws -> Output {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("ide-init-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: directory.appending(path: "mount"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        for (index, config) in documents.enumerated() {
            try config.document.write(
                to: directory.appending(path: "\(index + 1).json"), atomically: false, encoding: .utf8)
        }
        let whole = """
            set -eu
            cd "$1"; ROOT=$1/mount/root PROGRAM=$3
            mount -t tmpfs tmpfs mount
            mkdir mount/upper mount/work mount/root
            mount -t overlay -o "lowerdir=$2,upperdir=mount/upper,workdir=mount/work" overlay mount/root
            \(hasProc ? "mount -t proc proc mount/root/proc" : "")
            \(script)
            """
        return try execute([
            "/usr/bin/unshare", "--mount", "--propagation", "private", "sh", "-c", whole, "sh", directory.path,
            Machine.lower.get(), Machine.program,
        ])
    }

    private func config(_ wishes: [String: Any], manager: String = "systemd") -> Config {
        var config = Config()
        config.manager = manager
        config.unit("offline")
        config.service("offline", wishes)
        return config
    }

    @Test(arguments: [true, false], ["systemd", "sysvinit"])
    func `a unit is enabled and not started, with and without a proc file system`(
        _ hasProc: Bool, _ manager: String
    ) throws {
        let on = config(
            ["enabled": true, "ensureRunning": true, "files": ["/etc/systemd/system/offline.service"]], manager: manager
        )
        let output = try offline(
            """
            "$PROGRAM" plan --root "$ROOT" 1.json
            "$PROGRAM" apply --root "$ROOT" 1.json
            readlink "$ROOT/etc/systemd/system/multi-user.target.wants/offline.service"
            "$PROGRAM" apply --root "$ROOT" 1.json
            "$PROGRAM" apply --root "$ROOT" 2.json
            ! test -e "$ROOT/etc/systemd/system/multi-user.target.wants/offline.service"
            echo all
            """, hasProc: hasProc,
            documents: [on, config(["enabled": false, "ensureRunning": false], manager: manager)])
        #expect(output.code == 0, "\(output.text)")
        #expect(output.text.contains("known after files[/etc/systemd/system/offline.service]"))
        #expect(output.text.contains("services[\(manager)/offline] changed"))
        #expect(!output.text.contains("restart") && !output.text.contains("running: true"), "\(output.text)")
        #expect(output.text.contains("/etc/systemd/system/offline.service\n"))
        #expect(output.text.contains("Done: 2 already right"))
        #expect(output.text.contains("enabled: true → false"))
        #expect(output.text.hasSuffix("all\n"))
    }

    @Test func `a service that isn't there, or is masked, is a clear failure`() throws {
        var missing = Config()
        missing.service("nowhere", ["enabled": true])
        var masked = Config()
        masked.service("timers.target", ["enabled": true])
        let output = try offline(
            """
            "$PROGRAM" apply --root "$ROOT" 1.json || echo "code $?"
            "$PROGRAM" apply --root "$ROOT" 2.json || echo "code $?"
            """, documents: [missing, masked])
        #expect(output.text.contains("there is no service nowhere on this host"), "\(output.text)")
        #expect(output.text.contains("timers.target is masked, so it can't be enabled"), "\(output.text)")
        #expect(output.text.components(separatedBy: "code 1\n").count == 3)
    }

    @Test func `a SysV script is enabled by its links`() throws {
        var script = Config()
        script.file(
            "/etc/init.d/script",
            "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: script\n# Required-Start:\n"
                + "# Required-Stop:\n# Default-Start: 2 3 4 5\n# Default-Stop: 0 1 6\n### END INIT INFO\n",
            mode: "000755")
        script.service("script")
        let output = try offline(
            """
            "$PROGRAM" apply --root "$ROOT" 1.json
            ls "$ROOT/etc/rc3.d"
            "$PROGRAM" apply --root "$ROOT" 1.json
            """, documents: [script])
        #expect(output.code == 0, "\(output.text)")
        #expect(output.text.contains("S01script"))
        #expect(output.text.contains("Done: 2 already right"))
    }
}
