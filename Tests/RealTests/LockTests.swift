import Foundation
import Testing

extension RealRoots {
    /// Others at work with the same package manager.
    @Suite struct LockTests {
        let copy: RootCopy

        init() throws { copy = try RootCopy() }

        /// Holds fcntl locks on files of the root, from before this returns until a second after `release()`.
        private func hold(_ paths: [String]) throws -> Running {
            let holder = try copy.start(
                """
                exec python3 -c 'import fcntl, os, time, sys
                files = [open(path, "a") for path in sys.argv[1:]]
                for file in files: fcntl.lockf(file, fcntl.LOCK_EX)
                open("/tmp/held", "w").close()
                while os.path.exists("/tmp/held"): time.sleep(0.01)
                time.sleep(1)' \(paths.joined(separator: " "))
                """)
            while copy.read("/tmp/held") == nil { usleep(20_000) }
            return holder
        }

        private func release() throws { try copy.inside("rm /tmp/held") }

        @Test(
            "apt waits for another's locks",
            arguments: [
                ["/var/lib/dpkg/lock-frontend"], ["/var/lib/dpkg/lock"], ["/var/lib/apt/lists/lock"],
            ])
        func apt(_ paths: [String]) throws {
            let holder = try hold(paths)
            // A dry run needn't wait: it would for ever.
            #expect(try copy.plan(["packages": ["apt": ["tiny": ""]]]).output.code == 0)
            try release()
            let result = try copy.apply(["packages": ["apt": ["tiny": ""]]])
            #expect(result.output.code == 0, "\(result.trouble)")
            #expect(!holder.isRunning)
            #expect(try copy.inside(Manager.apt.shows) == "2.0")
            _ = try holder.wait()
        }

        @Test("yum and zypper outlast a bare rpm that holds the database", arguments: [Manager.yum, .zypper])
        func rpm(_ manager: Manager) throws {
            let holder = try hold(["/var/lib/rpm/.rpm.lock"])
            #expect(try copy.plan(manager.packages(["tiny": ""])).output.code == 0)
            try release()
            let result = try copy.apply(manager.packages(["tiny": ""]))
            #expect(result.output.code == 0, "\(result.trouble)")
            _ = try holder.wait()
        }

        @Test("yum waits for another yum, zypper for another zypper")
        func managers() throws {
            let slow = try copy.start("yum -y install tiny-slow")
            // It sleeps when its file is there.
            try copy.waitForFile("/opt/tiny/tiny-slow")
            usleep(500_000)
            #expect(try copy.plan(Manager.yum.packages(["tiny": ""])).output.code == 0)
            let yum = try copy.apply(Manager.yum.packages(["tiny": ""]))
            #expect(yum.output.code == 0, "\(yum.trouble)")
            #expect(try slow.wait().code == 0)
            let other = try copy.start("zypper -n install tiny-slow-1.0 tiny-provider; zypper -n install -f tiny-slow")
            usleep(1_000_000)
            #expect(try copy.plan(Manager.zypper.packages(["tiny-other": ""])).output.code == 0)
            let zypper = try copy.apply(Manager.zypper.packages(["tiny-other": ""]))
            #expect(zypper.output.code == 0, "\(zypper.trouble)")
            _ = try other.wait()
        }

        @Test("An interrupted dpkg is mended before apt installs")
        func interrupted() throws {
            let slow = try copy.start("apt-get -q update; exec apt-get -q -y install tiny-slow")
            let journal = copy.root + "/var/lib/dpkg/updates"
            // While its script sleeps dpkg's journal holds what it has done.
            try copy.waitForProcess("tiny-slow.postinst configure")
            let group = try execute(["ps", "-o", "pid=", "--ppid", "\(slow.identifier)"]).text
            for process in [Int32(group.trimmingCharacters(in: .whitespacesAndNewlines)), slow.identifier] {
                if let process { kill(process, SIGKILL) }
            }
            _ = try slow.wait()
            let names = try FileManager.default.contentsOfDirectory(atPath: journal)
            try #require(names.contains { $0.allSatisfy(\.isNumber) }, "\(names)")
            let config = ["packages": ["apt": ["tiny": ""]]]
            #expect(try copy.plan(config).output.code == 0)
            try copy.converge(config)
            #expect(try copy.inside("dpkg-query -W -f '${db:Status-Abbrev}' tiny-slow").hasPrefix("ii"))
        }

        @Test("A stopped run lets the package manager finish", arguments: [Manager.apt, .yum])
        func stopped(_ manager: Manager) throws {
            try copy.warm(manager.name)
            let file = try copy.document([
                "packages": [manager.name: ["tiny-slow": ""]], "files": ["/srv/later": ["content": "x"]],
            ])
            let run = try Running([Surroundings.program, "apply", file, "--root", copy.root, "--json"])
            if manager.name == "apt" {
                try copy.waitForProcess("tiny-slow.postinst configure")
            } else {
                try copy.waitForFile("/opt/tiny/tiny-slow")
            }
            kill(run.identifier, SIGTERM)
            let result = RunResult(try run.wait())
            #expect(result.output.code == 1)
            #expect(result.trouble.contains("stopped by SIGTERM"), "\(result.output)")
            #expect(copy.read("/srv/later") == nil)
            let shows = manager.shows.replacing(" tiny", with: " tiny-slow")
            #expect(try copy.inside(shows).hasPrefix("1.0"))
            #expect(try copy.plan(manager.packages(["tiny-slow": ""])).count("unchanged") == 1)
        }
    }
}
