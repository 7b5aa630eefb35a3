import Foundation
import Testing

extension RealRoots {
    /// The exact words that the real programs are given: each has a recorder before it.
    @Suite struct WordsTests {
        let copy: RootCopy

        init() throws {
            copy = try RootCopy()
            for name in ["apt-get", "yum", "dnf", "zypper", "rpm", "gem", "pip3", "systemctl"] {
                try record("/usr/local/bin/\(name)", as: "/usr/bin/\(name)")
            }
            for name in ["groupadd", "useradd", "usermod"] {
                try copy.inside("mv /usr/sbin/\(name) /usr/local/sbin")
                try record("/usr/sbin/\(name)", as: "/usr/local/sbin/\(name)")
            }
        }

        private func record(_ program: String, as real: String) throws {
            try copy.write(
                program,
                """
                #!/bin/sh
                { printf '%s' "${0##*/}"; for w; do printf ' %s' "$w"; done
                  env | grep -E '^(DEBIAN_FRONTEND|PIP_BREAK_SYSTEM_PACKAGES|ZYPP_LOCK_TIMEOUT)=' | sort | tr '\\n' ' ' | sed 's/^/ # /'
                  echo; } >>/srv/words
                exec \(real) "$@"

                """, executable: true)
        }

        /// What was done; questions left out.
        private func words(of config: [String: Any]) throws -> [String] {
            try copy.inside("rm -f /srv/words")
            let result = try copy.apply(config)
            #expect(result.output.code == 0, "\(result.trouble)")
            return (copy.read("/srv/words") ?? "").split(separator: "\n").map {
                $0.trimmingCharacters(in: .whitespaces)
            }.filter {
                !$0.hasPrefix("rpm -q") && !$0.contains(" search ") && !$0.contains(" list available ")
                    && !$0.contains(" is-enabled ")
            }
        }

        @Test("apt")
        func apt() throws {
            let get =
                "apt-get -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold"
            #expect(
                try words(of: ["packages": ["apt": ["tiny": "1.1"]]]) == [
                    "\(get) update", "\(get) -q -y install tiny=1.1 # DEBIAN_FRONTEND=noninteractive",
                ])
            #expect(
                try words(of: ["packages": ["apt": ["tiny": "1.0"]]]) == [
                    "\(get) -q -y --allow-downgrades install tiny=1.0 # DEBIAN_FRONTEND=noninteractive"
                ])
            #expect(try words(of: ["packages": ["apt": ["tiny": [String]()]]]).isEmpty)
        }

        @Test("yum and dnf", arguments: ["yum", "dnf"])
        func yum(_ name: String) throws {
            let head = "\(name) -y --setopt=*.skip_if_unavailable=1"
            #expect(try words(of: ["packages": [name: ["tiny": ["1.1", "1.0"]]]]) == ["\(head) install tiny-1.1"])
            #expect(
                try words(of: ["packages": [name: ["tiny": "1.0", "tiny-other": ""]]]) == [
                    "\(head) install tiny-other", "\(head) downgrade tiny-1.0",
                ])
        }

        @Test("zypper")
        func zypper() throws {
            let head = "zypper --non-interactive install -y --oldpackage --force-resolution"
            // zypper itself runs rpm.
            let words = try words(of: ["packages": ["zypper": ["tiny": "1.1"]]]).filter { !$0.hasPrefix("rpm ") }
            #expect(words == ["\(head) tiny=1.1-2 # ZYPP_LOCK_TIMEOUT=600"])
        }

        @Test("rpm, python, rubygems: each only what is missing")
        func others() throws {
            let file = "/srv/repos/loose/tiny-loose-1.0-1.noarch.rpm"
            #expect(
                try words(of: ["packages": ["rpm": ["loose": file]]]) == [
                    "rpm -U --quiet --nosignature --replacepkgs \(file)"
                ])
            #expect(
                try words(of: ["packages": ["python": ["tiny": "1.1"]]]) == [
                    "pip3 install tiny==1.1 # PIP_BREAK_SYSTEM_PACKAGES=1"
                ])
            #expect(
                try words(of: ["packages": ["rubygems": ["tiny": ["1.0.0", "1.1.0"], "tiny-other": ""]]]).sorted() == [
                    "gem install -b --no-document tiny -v = 1.0.0", "gem install -b --no-document tiny -v = 1.1.0",
                    "gem install -b --no-document tiny-other",
                ])
        }

        @Test("groups, users and services")
        func accounts() throws {
            let config: [String: Any] = [
                "groups": ["g1": ["gid": "4001"]],
                "users": ["u1": ["uid": "5001", "groups": ["g1"], "homeDir": "/srv/u1"] as [String: Any]],
            ]
            #expect(
                try words(of: config) == [
                    "groupadd -r -g 4001 g1",
                    "useradd -M -r --shell /sbin/nologin -d /srv/u1 -u 5001 -G 4001 u1",
                ])
            #expect(
                try words(of: ["users": ["u1": ["groups": ["g1", "daemon"], "homeDir": "/srv/u2"] as [String: Any]]])
                    == ["usermod -G 4001,1 -d /srv/u2 u1"])
            try copy.write("/etc/systemd/system/tinyd.service", "[Install]\nWantedBy=multi-user.target\n")
            #expect(
                try words(of: ["services": ["systemd": ["tinyd": ["enabled": "true"]]]]) == [
                    "systemctl enable -- tinyd"
                ])
        }
    }
}
