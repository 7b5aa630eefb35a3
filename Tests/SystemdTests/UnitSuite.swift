// The parent of the suites that run units/ as a package installs them: binary, units, man page and catalog at their places,
// on machines of their own, one test after the other.

import Foundation
import Testing

@Suite(
    .serialized,
    .enabled(
        if: Machine.isThere || Machine.isRequired,
        "a systemd of our own needs root and IDE_INIT_ROOTS, the folder where test roots are kept"))
enum UnitSuite {
    private static let bookworm = Result { try installed(.bookworm) }
    private static let bullseye = Result { try installed(.bullseye) }
    private static let trixie = Result { try installed(.trixie) }

    /// As after the installation: no run yet.
    static func machine(_ release: Release = .bookworm) throws -> Machine {
        let machine =
            switch release {
            case .bookworm: try bookworm.get()
            case .bullseye: try bullseye.get()
            case .trixie: try trixie.get()
            }
        try machine.shell(
            """
            systemctl stop ide-init ide-init-watch ide-init-dns
            systemctl reset-failed
            rm -rf /run/ide-init /var/lib/ide-init /etc/ide-init /etc/systemd/system/ide-init* /srv /etc/motd
            mkdir /srv
            systemctl daemon-reload
            """)
        return machine
    }

    /// - Parameters:
    ///   - name: of a machine that is the caller's alone.
    ///   - units: what the package brings.
    static func installed(
        _ release: Release, name: String? = nil,
        units: [String] = ["ide-init", "ide-init-watch", "ide-init-code-server@", "ide-init-dns"]
    ) throws -> Machine {
        let machine = try Machine.booted(name ?? "\(release)", release)
        let checkout = Machine.checkout
        for unit in units {
            try machine.write("/usr/lib/systemd/system/\(unit).service", read(checkout, "units/\(unit).service"))
        }
        try machine.write("/usr/lib/systemd/catalog/ide-init.catalog", read(checkout, "units/ide-init.catalog"))
        try machine.write("/usr/share/man/man8/ide-init.8", read(checkout, "packaging/man/ide-init.8"))
        try machine.shell(
            """
            mkdir -p /opt/aws/bin
            ln -s /usr/bin/\(URL(filePath: Machine.program).lastPathComponent) /opt/aws/bin/ide-init
            journalctl --update-catalog
            """)
        return machine
    }

    private static func read(_ checkout: URL, _ path: String) throws -> String {
        try String(contentsOf: checkout.appending(path: path), encoding: .utf8)
    }
}

extension Machine {
    /// A shell's commands; one that fails is a failed test.
    @discardableResult
    func shell(_ script: String, _ location: SourceLocation = #_sourceLocation) throws -> String {
        let output = try run("sh", "-ec", script)
        #expect(output.code == 0, "\(script): \(output.text)", sourceLocation: location)
        return output.text
    }

    /// The file of options that a unit of ours reads, and a drop-in for it.
    func configure(
        _ unit: String, options: String, environment: [String: String] = [:], service: String = ""
    ) throws {
        let lines = ["OPTIONS=\(options)"] + environment.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }
        let file = unit == "ide-init" ? "apply" : "watch"
        try write("/etc/ide-init/\(file).conf", lines.joined(separator: "\n") + "\n", mode: 0o600)
        try write("/etc/systemd/system/\(unit).service.d/test.conf", "[Service]\n\(service)\n")
        try shell("systemctl daemon-reload")
    }

    /// The same for a document in a file.
    func configure(_ config: Config, options: String = "", service: String = "") throws {
        try write("/srv/metadata.json", config.document)
        try configure("ide-init", options: "/srv/metadata.json \(options)", service: service)
    }

    /// Words of a shell that call the program so that it can start itself anew, which Tests/Roots/boot's wrapper doesn't survive.
    static let direct = {
        let name = URL(filePath: program).lastPathComponent
        return "LD_LIBRARY_PATH=/opt/program/lib $(ls /opt/program/\(name) 2>/dev/null || echo /usr/bin/\(name))"
    }()

    func statusText(_ unit: String = "ide-init") throws -> String { try property("StatusText", of: unit) }

    func exists(_ path: String) -> Bool { read(path) != nil }

    /// How many lines a command has written.
    func count(_ path: String) -> Int { (read(path) ?? "").split(separator: "\n").count }
}

/// - Throws: what a check before waited for in vain.
func eventually(_ what: String, within seconds: Double = 30, _ isThere: () async throws -> Bool) async throws {
    let end = Date().addingTimeInterval(seconds)
    while try await !isThere() {
        guard Date() < end else { throw Trouble("\(what): not within \(Int(seconds)) s") }
        try await Task.sleep(for: .milliseconds(20))
    }
}

extension Process {
    /// Its exit status, once it has ended.
    var code: Int32 {
        waitUntilExit()
        return terminationStatus
    }
}
