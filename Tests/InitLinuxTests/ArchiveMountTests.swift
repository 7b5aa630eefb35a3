import Glibc
import InitCore
import Testing

/// What takes a file system of its own to see; passed over where none may be mounted.
@Suite(.enabled(if: geteuid() == 0)) struct ArchiveMountTests {
    let box: ArchiveSandbox

    init() throws { box = try ArchiveSandbox() }

    private func withMount(_ options: String, _ directory: String, _ body: () throws -> Void) throws {
        try box.shell("mkdir -p \(directory)")
        try box.shell("mount -t tmpfs \(options) none \(directory)")
        defer { _ = try? box.shell("umount \(directory)") }
        try body()
    }

    @Test("Members below another file system's mount point are staged there")
    func mountBelow() throws {
        try withMount("", "out/m") {
            try box.shell("mkdir -p out/m/sub out/m/.ide-init-stage-killed; echo old >out/m/sub/x")
            try box.tar("add('a'); add('m/b'); add('m/sub/x', data=b'n'); add('m/new/y'); add('m/h', LNK, 'm/b')")
            #expect(try box.unpack().differing == ["a", "m/b", "m/h", "m/new/y", "m/sub/x"])
            #expect(try box.unpack().differing.isEmpty)
            #expect(try box.shell("cd out; find -type f | sort") == "./a\n./m/b\n./m/h\n./m/new/y\n./m/sub/x\n")
            #expect(try box.shell("ls -A out out/m").contains("stage") == false)
        }
    }

    @Test("A full disk leaves the old tree as it was")
    func fullDisk() throws {
        try withMount("-o size=1m", "out") {
            try box.shell("echo old >out/f; head -c 3000000 /dev/urandom >source/f; tar -cf a.tar -C source f")
            let before = try box.tree()
            #expect(throws: Failure(.host, "can't write f: No space left on device")) { try box.unpack() }
            #expect(try box.tree() == before)
        }
    }

    @Test("A move that fails takes back those before it")
    func failedMove() throws {
        try withMount("", "out/z") {
            try box.shell("mkdir out/m; echo old >out/a; ln -s old out/l; chmod 700 out/m")
            try box.tar(
                "add('a', data=b'new'); add('b'); add('l', SYM, 'new'); add('m', DIR, mode=0o755); add('m/x'); "
                    + "add('n/o/p'); add('z')")
            let before = try box.tree()
            let failure = #expect(throws: Failure.self) { try box.unpack() }
            #expect(failure?.message == "can't put z in its place: Device or resource busy")
            #expect(try box.tree() == before)
        }
    }
}
