import Glibc
import InitCore
import Testing

@testable import InitLinux

@Suite struct ArchiveTests {
    let box: ArchiveSandbox

    init() throws { box = try ArchiveSandbox() }

    @Test(
        "Every format is unpacked, and a second time changes nothing",
        arguments: ["tar -cf", "tar -czf", "tar -cjf", "tar -cJf", "tar --zstd -cf", "zip"])
    func formats(command: String) throws {
        try box.shell("cd source; mkdir -p bin empty; echo hello >bin/tool; chmod 750 bin/tool; seq 90000 >numbers")
        try box.shell(
            "cd source; ln -s bin/tool link; ln -s /usr/lib/nowhere far; chmod 2>/dev/null 700 empty; echo ü >ü")
        try box.shell("cd source; " + (command == "zip" ? "zip -qry ../a.zip ." : "\(command) ../a.zip *"))
        let first = try box.unpack("a.zip", to: box.path + "/new/er/out")
        #expect(first.members == 7)
        #expect(first.differing == ["bin", "bin/tool", "empty", "far", "link", "numbers", "ü"])
        #expect(try box.shell("diff -r --no-dereference source new/er/out") == "")
        #expect(try box.mode("new/er/out/bin/tool") == "750")
        #expect(try box.mode("new/er/out/empty") == "700")
        #expect(try box.mode("new/er") == "755")
        #expect(try box.shell("stat -c %Y source/numbers") == box.shell("stat -c %Y new/er/out/numbers"))
        let before = try box.tree("new")
        #expect(try box.compare("a.zip", to: box.path + "/new/er/out").differing.isEmpty)
        #expect(try box.unpack("a.zip", to: box.path + "/new/er/out").differing.isEmpty)
        #expect(try box.tree("new") == before)
        #expect(try box.shell("ls -A . new new/er").contains("stage") == false)
    }

    @Test(
        "What differs is replaced, what isn't in the archive stays, and links are replaced rather than written through")
    func differences() throws {
        try box.shell(
            "mkdir -p out/d; echo mine >out/own; echo old >out/a; echo kept >kept; ln -s ../kept out/b; echo c >out/c")
        try box.shell(
            "cd source; echo new >a; echo b >b; echo c >c; mkdir d; echo e >d/e; ln -s a l; ln a h; tar -cf ../a.tar *")
        try box.shell("ln -s nowhere out/l; touch -r source/c out/c; chmod 600 out/c; stat -c %i out/c >inode")
        #expect(try box.compare().differing == ["a", "b", "c", "d/e", "h", "l"])
        #expect(try box.unpack().differing == ["a", "b", "c", "d/e", "h", "l"])
        #expect(try box.read("kept") == "kept\n")
        #expect(try box.read("out/b") == "b\n")
        #expect(try box.read("out/own") == "mine\n")
        #expect(try box.mode("out/c") == "644")
        #expect(try box.shell("stat -c %h out/a out/h") == "2\n2\n")
        let before = try box.tree()
        #expect(try box.unpack().differing.isEmpty)
        #expect(try box.tree() == before)
        try box.shell("rm out/h; cp out/a out/h; chmod 700 out/d")
        #expect(try box.unpack().differing == ["d", "h"])
        #expect(try box.mode("out/d") == "755")
    }

    @Test(
        "Members that lead out of the destination, or aren't files, are refused with their names",
        arguments: [
            (
                "add('ok'); add('/etc/x'); add('../out-x/f')",
                "“/etc/x” leads out of the destination; “../out-x/f” leads"
            ),
            ("add('a/../../b')", "“a/../../b” leads out"),
            (
                "add('l', SYM, '/etc'); add('l/x')",
                "“l/x” is written through a link that leads out of the destination, to /etc"
            ),
            ("add('l/x'); add('l', SYM, '../out-x')", "“l/x” is written through a link"),
            ("add('a', SYM, 'b'); add('b', SYM, '..'); add('a/x')", "“a/x” is written through a link"),
            (
                "add('a', SYM, 'b'); add('a/c', SYM, '/etc'); add('b/c/x')",
                "“b/c/x” is below “a/c”, which is no directory"
            ),
            ("add('a', SYM, 'b'); add('b', SYM, 'a'); add('a/x')", "“a/x” is reached through too many links"),
            ("add('h', LNK, '../secret')", "“h” is a hard link to ../secret, out of the destination"),
            ("add('h', LNK, 'nothing')", "“h” is a hard link to nothing, no file of the archive"),
            ("add('p', FIFO); add('z', CHR)", "“p” is a fifo; “z” is a device"),
            ("add('s', mode=0o4755)", "“s” has a setuid or setgid bit"),
            ("add('g', mode=0o2755)", "“g” has a setuid or setgid bit"),
            ("add('a'); add('a/b')", "“a/b” is below “a”, which is no directory"),
            ("add('a/b/c'); add('a')", "“a/b/c” is below “a”, which is no directory"),
            ("add('.ide-init-stage-123456/x')", "kept for staging"),
            ("add('n' * 5000)", "is a name of 5000 bytes"),
            ("add('.', SYM, '/etc')", "would replace the destination itself"),
            ("[add(f'../{n}') for n in range(9)]", "“../4” leads out of the destination; and 4 more"),
        ])
    func refusals(calls: String, message: String) throws {
        try box.shell("mkdir out out-x; echo secret >secret; echo old >out/ok")
        try box.tar(calls)
        #expect(try box.refusal().contains(message))
        #expect(throws: Failure.self) { try box.compare() }
    }

    @Test(
        "Files that are no archive are refused with what they look like",
        arguments: [
            ("printf '\\n<!DOCTYPE html><title>404' >a.tar", "this is HTML"),
            ("printf '<?xml version=\"1.0\"?><Error>' >a.tar", "this is XML"),
            (": >a.tar", "this is an empty file: neither a tar nor a zip archive"),
            ("echo hello >a.tar", "this is text: neither a tar nor a zip archive"),
            ("seq 9000 | gzip >a.tar", "this is gzip-compressed, but what it holds is no tar archive"),
            ("cp /bin/true a.tar", "this is a program (ELF)"),
            ("echo x >source/a; zip -qP secret a.zip source/a; mv a.zip a.tar", "“source/a” is encrypted"),
            ("seq 90000 >source/a; tar -cJf a source; head -c 3000 a >a.tar", "damaged or cut off"),
            (
                "seq 90000 >source/a; zip -qr a.zip source; head -c 3000 a.zip >a.tar",
                "this is a zip archive, but damaged"
            ),
        ])
    func strangers(command: String, message: String) throws {
        try box.shell(command)
        #expect(try box.refusal().contains(message))
    }

    @Test(
        "An archive that is damaged half way leaves the old tree as it was",
        arguments: [
            "tar -czf ../b . ; head -c 60000 ../b >../a.tar",
            "tar -cf ../b . ; head -c 150000 ../b >../a.tar",
            "zip -qr0 ../b.zip . ; python3 -c 'd=bytearray(open(\"../b.zip\",\"rb\").read()); d[70000]^=1; open(\"../a.tar\",\"wb\").write(d)'",
        ])
    func damage(command: String) throws {
        try box.shell("cd source; for n in 1 2 3 4 5 6 7 8 9; do head -c 30000 /dev/urandom >f$n; done; \(command)")
        #expect(try box.refusal().contains("damaged"))
        try box.shell("mkdir out; echo old >out/f1; echo own >out/own; chmod 700 out")
        #expect(try box.refusal().contains("damaged"))
    }

    @Test("A directory with something in it isn't replaced by a file, an empty one is, and a file by a directory")
    func kinds() throws {
        try box.shell("mkdir -p out/d out/e; echo x >out/d/x; echo f >out/f")
        try box.tar("add('a'); add('d'); add('e'); add('f/g')")
        let before = try box.tree(".")
        let failure = #expect(throws: Failure.self) { try box.unpack() }
        #expect(
            failure?.message.contains("out/d is a directory with something in it, but a file in the archive") == true)
        #expect(try box.tree(".") == before)
        try box.shell("rm out/d/x")
        #expect(try box.unpack().differing == ["a", "d", "e", "f/g"])
        #expect(try box.shell("cd out; find -type f | sort") == "./a\n./d\n./e\n./f/g\n")
    }

    @Test("A name that the file system refuses is an error before anything is moved")
    func longName() throws {
        try box.shell("mkdir -p out/z out/m; echo old >out/a; ln -s old out/l; echo keep >out/keep; chmod 700 out/m")
        try box.tar(
            "add('a', data=b'new'); add('b'); add('l', SYM, 'new'); add('m', DIR, mode=0o755); add('m/x'); add('n/o/p'); "
                + "add('z/' + 'n' * 300)")
        let before = try box.tree()
        let failure = #expect(throws: Failure.self) { try box.unpack() }
        #expect(failure?.kind == .host)
        #expect(try box.tree() == before)
        #expect(throws: Failure.self) { try box.unpack(to: box.path + "/new/er") }
        #expect(try box.shell("ls -A").contains("new") == false)
    }

    @Test("Links inside the destination are followed where they stay inside, and refused where they lead out")
    func linksOnDisk() throws {
        try box.shell("mkdir -p out/real elsewhere; ln -s real out/lib; ln -s $PWD/out/real out/abs")
        try box.tar(
            "add('lib/', DIR, mode=0o755); add('lib/x', data=b'x'); add('abs/y'); add('in', SYM, 'real'); add('in/z')")
        #expect(try box.unpack().differing.sorted() == ["abs/y", "in", "in/z", "lib/x"])
        #expect(try box.shell("ls out/real; readlink out/lib") == "x\ny\nz\nreal\n")
        let before = try box.tree()
        #expect(try box.unpack().differing.isEmpty)
        #expect(try box.tree() == before)
        try box.shell("ln -s ../elsewhere out/data")
        try box.tar("add('data/x')")
        #expect(try box.refusal().contains("“data/x” is written through a link that leads out of the destination"))
    }

    @Test("The destination may be reached through a link, but not be one to nothing")
    func linkedDestination() throws {
        try box.shell("mkdir real; ln -s real out; ln -s nowhere dangling")
        try box.tar("add('a')")
        #expect(try box.unpack().differing == ["a"])
        #expect(try box.unpack(to: box.path + "/out/sub/").differing == ["a"])
        #expect(try box.shell("find real -type f | sort") == "real/a\nreal/sub/a\n")
        #expect(throws: Failure.self) { try box.unpack(to: box.path + "/dangling") }
        #expect(throws: Failure.self) { try box.unpack(to: box.path + "/real/a") }
    }

    @Test("A zip from Windows gets readable modes, and its Unix modes where it has them")
    func dosZip() throws {
        try box.python(
            """
            z = zipfile.ZipFile("a.zip", "w")
            def add(name, system, attributes, data=b"x"):
                i = zipfile.ZipInfo(name); i.create_system = system; i.external_attr = attributes; z.writestr(i, data)
            add("d/", 0, 0x10, b""); add("d/f", 0, 0x20); add("u", 3, 0o100664 << 16); add("w", 0, 0o100755 << 16)
            add("r", 10, 0x21); add("s", 3, 0o120777 << 16, b"d/f")
            z.close()
            """)
        try box.unpack("a.zip")
        #expect(
            try box.shell("cd out; stat -c '%a %n' d d/f u w r; readlink s")
                == "755 d\n644 d/f\n664 u\n755 w\n644 r\nd/f\n")
        #expect(try box.unpack("a.zip").differing.isEmpty)
    }

    @Test("A single top-level directory is left out where that is asked for, as GitHub's archives need it")
    func topLevel() throws {
        try box.shell(
            """
            cd source; git init -q .; mkdir src; echo a >src/a; echo r >README; ln -s src/a l; git add .
            git -c user.name=n -c user.email=n@example.com commit -qm m
            git archive --prefix=repo-1a2b/ -o ../a.tar HEAD; git archive --prefix=repo-1a2b/ -o ../a.zip HEAD
            """)
        for archive in ["a.tar", "a.zip"] {
            #expect(try box.unpack(archive, to: box.path + "/" + archive + ".d", strips: true).members == 4)
            #expect(try box.shell("cd \(archive).d; ls -A") == "README\nl\nsrc\n")
            #expect(try box.unpack(archive, to: box.path + "/" + archive + ".d", strips: true).differing.isEmpty)
        }
        #expect(try box.unpack(to: box.path + "/whole").differing.contains("repo-1a2b/src/a"))
        try box.tar("add('a/x'); add('b')")
        #expect(try box.unpack(to: box.path + "/two", strips: true).differing == ["a/x", "b"])
        #expect(try box.unpack(to: box.path + "/two", strips: true).differing.isEmpty)
    }

    @Test("What killed runs left is removed by the next, but not what a living one holds")
    func leftovers() throws {
        try box.tar("add('a')")
        try box.unpack()
        try box.shell("mkdir -p out/.ide-init-stage-abcdef/3 .ide-init-stage-ghijkl/new/x out/.ide-init-stage-living")
        try box.shell("touch out/.ide-init-stage-abcdef/1; chmod 0 out/.ide-init-stage-abcdef/3")
        let living = open(box.out + "/.ide-init-stage-living", O_RDONLY)
        defer { close(living) }
        #expect(flock(living, LOCK_EX) == 0)
        #expect(try box.unpack().differing.isEmpty)
        #expect(try box.shell("ls -A . out").contains("abcdef") == false)
        #expect(try box.shell("ls -A").contains("ghijkl") == false)
        #expect(try box.shell("ls -A out") == ".ide-init-stage-living\na\n")
    }

    @Test("Names in any alphabet are kept, and those that are no UTF-8 too")
    func names() throws {
        try box.python(
            """
            t = tarfile.open("a.tar", "w", format=tarfile.PAX_FORMAT); t.addfile(tarfile.TarInfo("ж/" + "é" * 120)); t.close()
            z = zipfile.ZipFile("a.zip", "w"); z.writestr("日本/ü", b"x"); z.close()
            """)
        try box.shell("cd source; touch \"$(printf 'l\\351')\" \"$(printf 'a\\033b')\"; tar -cf ../raw.tar *")
        #expect(try box.unpack().differing == ["ж/" + String(repeating: "é", count: 120)])
        #expect(try box.unpack("a.zip").differing == ["日本/ü"])
        #expect(try box.unpack("raw.tar").differing == ["a\u{FFFD}b", "l\u{FFFD}"])
        #expect(
            try box.shell("cd out; LC_ALL=C ls -b") == "a\\033b\nl\\351\n\\320\\266\n\\346\\227\\245\\346\\234\\254\n")
        #expect(try box.unpack("raw.tar").differing.isEmpty)
    }

    @Test("The last of several members of one name wins, and an archive of nothing makes the directory")
    func duplicates() throws {
        try box.tar("add('a', data=b'1'); add('a', data=b'2'); add('a/../a', data=b'33')")
        #expect(try box.unpack().members == 1)
        #expect(try box.read("out/a") == "33")
        #expect(try box.unpack().differing.isEmpty)
        try box.tar("pass")
        #expect(try box.unpack(to: box.path + "/empty").differing == ["."])
        #expect(try box.unpack(to: box.path + "/empty").differing.isEmpty)
    }

    @Test("The setuid bit is kept where it is allowed, and a destination that stood there keeps its own mode")
    func modes() throws {
        try box.shell("mkdir out; chmod 711 out")
        try box.tar(
            "add('./', DIR, mode=0o777); add('./s', mode=0o4755); add('./ro', DIR, mode=0o555); add('./ro/x', mode=0o400)"
        )
        #expect(try box.unpack(setuid: true).differing == ["ro", "ro/x", "s"])
        #expect(try box.shell("stat -c %a out out/s out/ro out/ro/x") == "711\n4755\n555\n400\n")
        try box.unpack(to: box.path + "/new", setuid: true)
        #expect(try box.mode("new") == "777")
    }

    @Test("As root owners are set by name, else by number", .enabled(if: geteuid() == 0))
    func owners() throws {
        try box.shell("cd source; echo a >a; mkdir d; ln -s a l; chown -h 1234:1235 a d l; chmod 4711 a")
        try box.shell(
            "tar -cf a.tar -C source a d l; tar -rf a.tar --owner=daemon:77 --group=sys:78 -C source --transform s/a/n/ a"
        )
        try box.unpack(setuid: true, isRoot: true)
        #expect(
            try box.shell("cd out; stat -c '%u:%g %a' a d n; stat -c '%u:%g' l")
                == "1234:1235 4711\n1234:1235 755\n1:3 4711\n1234:1235\n")
        #expect(try box.unpack(setuid: true, isRoot: true).differing.isEmpty)
        try box.shell("chown 5 out/a out/d")
        #expect(try box.unpack(setuid: true).differing == ["a"])
        #expect(try box.unpack(setuid: true, isRoot: true).differing == ["a", "d"])
    }
}
