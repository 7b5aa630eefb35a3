import Foundation
import Testing

/// A package manager, and what its repository in the root holds of the package "tiny".
struct Manager: Sendable, CustomTestStringConvertible {
    let name: String
    /// Installed, then higher, then lower.
    let versions: [String]
    /// A command that prints the installed version of tiny.
    let shows: String
    var hasCaches = true

    var testDescription: String { name }

    static let apt = Manager(name: "apt", versions: ["1.1", "2.0", "1.0"], shows: "dpkg-query -W -f '${Version}' tiny")
    static let yum = Manager(name: "yum", versions: ["1.2.3", "2.0", "1.0"], shows: "rpm -q --qf '%{VERSION}' tiny")
    static let dnf = Manager(name: "dnf", versions: yum.versions, shows: yum.shows)
    static let zypper = Manager(name: "zypper", versions: yum.versions, shows: yum.shows)
    static let python = Manager(
        name: "python", versions: ["1.1", "2.0", "1.0"], shows: "pip3 list 2>&1 | sed -n 's/^tiny  *\\([0-9]\\)/\\1/p'",
        hasCaches: false)
    static let gem = Manager(
        name: "rubygems", versions: ["1.1.0", "2.0.0"], shows: "gem list -q -e tiny | tr -d 'a-z() \\n'",
        hasCaches: false)

    func packages(_ wishes: [String: Any]) -> [String: Any] { ["packages": [name: wishes]] }
}

extension RealRoots {
    @Suite struct PackageTests {
        let copy: RootCopy

        init() throws { copy = try RootCopy() }

        @Test(
            "Cold caches: a dry run leaves no trace, an apply installs, a second one changes nothing",
            arguments: [Manager.apt, .yum, .dnf, .zypper, .python, .gem])
        func cold(_ manager: Manager) throws {
            let version = manager.versions[0]
            let config = manager.packages(["tiny": [version], "tiny-other": [String]()])
            let plan = try copy.plan(config)
            #expect(plan.output.code == 0, "\(plan.trouble)")
            #expect(plan.outcomes == ["packages \(manager.name) changed"])
            #expect(plan.facts.contains("tiny: - → \(version)"))
            #expect(plan.facts.contains { $0.hasPrefix("tiny-other: - → ") })
            // zypper builds its caches, out of sight, from what it can read without the network.
            #expect(plan.knownAfter.isEmpty == (!manager.hasCaches || manager.name == "zypper"))
            try copy.converge(config)
            #expect(try copy.inside(manager.shows).hasPrefix(version))
        }

        @Test(
            "Warm caches tell the versions that will come", arguments: [Manager.apt, .yum, .dnf, .zypper])
        func warm(_ manager: Manager) throws {
            try copy.warm(manager.name)
            let release = manager.name == "apt" ? "" : "-1"
            let plan = try copy.plan(
                manager.packages(["tiny": [String](), "tiny-other": [String](), "tiny-needs": ""]))
            #expect(
                Set(plan.facts) == [
                    "tiny: - → 2.0\(release)", "tiny-other: - → 1.1\(release)", "tiny-needs: - → 1.0\(release)",
                ])
            #expect(plan.knownAfter.isEmpty)
        }

        @Test("A version pin goes up and down", arguments: [Manager.apt, .yum, .dnf, .zypper, .python])
        func pins(_ manager: Manager) throws {
            try copy.warm(manager.name)
            var installed = "-"
            for version in manager.versions {
                let config = manager.packages(["tiny": version])
                let plan = try copy.plan(config)
                #expect(plan.facts.count == 1)
                #expect(plan.facts.first?.hasPrefix("tiny: \(installed)") == true, "\(plan.facts)")
                #expect(plan.facts.first?.hasSuffix("→ \(version)") == true, "\(plan.facts)")
                try copy.converge(config)
                #expect(try copy.inside(manager.shows).hasPrefix(version))
                installed = version
            }
            // Without a version what is there is right.
            #expect(try copy.plan(manager.packages(["tiny": [String]()])).count("unchanged") == 1)
        }

        @Test("Versions of a gem live side by side")
        func gems() throws {
            try copy.converge(Manager.gem.packages(["tiny": Manager.gem.versions]))
            #expect(try copy.inside(Manager.gem.shows) == "2.0.0,1.1.0")
        }

        @Test(
            "Of several versions rpm's managers take the highest, and what is installed is never raised without a version",
            arguments: [Manager.yum, .zypper])
        func highest(_ manager: Manager) throws {
            try copy.converge(manager.packages(["tiny": ["1.0", "1.2.3", "1.1"], "tiny-epoch": "1.0"]))
            #expect(try copy.inside(manager.shows) == "1.2.3")
            try copy.converge(manager.packages(["tiny": [String]()]))
            #expect(try copy.inside(manager.shows) == "1.2.3")
        }

        @Test(
            "A version counts by its beginning with apt, as with cfn-init, and a pattern picks the highest")
        func beginnings() throws {
            try copy.converge(Manager.apt.packages(["tiny": "1.2*"]))
            #expect(try copy.inside(Manager.apt.shows) == "1.2.3")
            #expect(try copy.plan(Manager.apt.packages(["tiny": "1.2"])).count("unchanged") == 1)
        }

        @Test(
            "An unknown package or version is an error that names it, and nothing else is installed",
            arguments: [Manager.apt, .yum, .zypper, .python, .gem])
        func unknown(_ manager: Manager) throws {
            try copy.warm(manager.name)
            for wish in [("nosuch", ""), ("tiny", "9.9.9")] {
                let config = manager.packages([wish.0: wish.1])
                let plan = try copy.plan(config)
                #expect(plan.knownAfter.isEmpty == !manager.hasCaches, "\(plan.output.text)")
                let result = try copy.apply(config)
                #expect(result.output.code == 1)
                #expect(result.trouble.contains(wish.0), "\(result.trouble)")
                if !wish.1.isEmpty { #expect(result.trouble.contains(wish.1), "\(result.trouble)") }
            }
            if manager.hasCaches {
                let result = try copy.apply(manager.packages(["nosuch": "", "tiny": ""]))
                #expect(result.count("failed") == 1)
                #expect(try execute(["chroot", copy.root, "sh", "-c", manager.shows]).code != 0)
            }
        }

        @Test(
            "A package whose own script fails, or that nothing can satisfy, fails with the manager's words",
            arguments: [Manager.apt, .yum, .zypper])
        func broken(_ manager: Manager) throws {
            for (name, words) in [("tiny-broken", "tiny-broken: no"), ("tiny-stuck", "tiny-nowhere")] {
                let result = try copy.apply(manager.packages([name: ""]))
                #expect(result.output.code == 1)
                #expect(result.outcomes == ["packages \(manager.name) failed"])
                #expect(result.trouble.contains("Install \(name) exited with code"), "\(result.trouble)")
                #expect(result.trouble.contains(words), "\(result.trouble)")
            }
        }

        @Test("A name that another package provides is settled by it", arguments: [Manager.apt, .yum, .zypper])
        func virtual(_ manager: Manager) throws {
            try copy.converge(manager.packages(["tiny-virtual": [String]()]))
            #expect(try copy.inside("dpkg-query -W tiny-provider 2>&1 || rpm -q tiny-provider").contains("1.0"))
        }

        @Test(
            "One broken repository among good ones doesn't matter", arguments: [Manager.apt, .yum, .dnf, .zypper])
        func badRepository(_ manager: Manager) throws {
            switch manager.name {
            case "apt": try copy.write("/etc/apt/sources.list.d/bad.list", "deb [trusted=yes] file:///nowhere ./\n")
            default:
                for folder in ["yum.repos.d", "zypp/repos.d"] {
                    try copy.write(
                        "/etc/\(folder)/bad.repo",
                        "[bad]\nname=bad\nbaseurl=file:///nowhere\nenabled=1\ngpgcheck=0\nskip_if_unavailable=0\n")
                }
            }
            let config = manager.packages(["tiny": manager.versions[0], "tiny-other": [String]()])
            #expect(try copy.plan(config).output.code == 0)
            try copy.converge(config)
            let other = try copy.plan(manager.packages(["tiny-needs": [String]()]))
            #expect(other.facts.first?.hasPrefix("tiny-needs: - → 1.0") == true, "\(other.output.text)")
        }

        @Test(
            "A file or a pattern among names is for the manager to settle: it runs each time",
            arguments: [Manager.apt, .yum, .zypper])
        func opaque(_ manager: Manager) throws {
            // zypper refuses a file without a signature.
            let files = [
                "apt": "/srv/repos/apt/tiny-other_1.0_all.deb", "yum": "/srv/repos/rpm/tiny-other-1.0-1.noarch.rpm",
                "zypper": "tiny-oth*",
            ]
            let file = try #require(files[manager.name])
            let config = manager.packages(["tiny": "", file: ""])
            for _ in 1...2 {
                let result = try copy.apply(config)
                #expect(result.output.code == 0, "\(result.trouble)")
                #expect(result.outcomes == ["packages \(manager.name) ran"])
            }
            #expect(try copy.inside(manager.shows.replacing(" tiny", with: " tiny-other")).hasPrefix("1."))
        }

        @Test("apt's lists are fetched again when they are a day old and something is to be installed")
        func stale() throws {
            try copy.warm("apt")
            try copy.inside("touch -d '25 hours ago' /var/lib/apt/lists/partial")
            let config = Manager.apt.packages(["tiny": "", "tiny-other": "1.0"])
            #expect(try copy.plan(config).knownAfter == ["the package lists are fetched"])
            try copy.converge(config)
            #expect(try copy.plan(Manager.apt.packages(["tiny-needs": ""])).knownAfter.isEmpty)
        }

        @Test("Package files: installed, raised, right already, unreadable")
        func files() throws {
            func config(_ locations: Any) -> [String: Any] { ["packages": ["rpm": ["loose": locations]]] }
            let place = "/srv/repos/loose/tiny-loose-%-1.noarch.rpm"
            let (old, new) = (place.replacing("%", with: "1.0"), place.replacing("%", with: "2.0"))
            #expect(try copy.plan(config(old)).facts == ["loose: - → 1.0-1"])
            try copy.converge(config(old))
            #expect(try copy.plan(config(new)).facts == ["loose: 1.0-1 → 2.0-1"])
            try copy.converge(config([new]))
            #expect(copy.read("/opt/tiny/tiny-loose") == "2.0-1\n")
            try copy.write("/srv/text.rpm", "no package at all\n")
            for location in ["/nowhere.rpm", "/srv/text.rpm"] {
                let plan = try copy.plan(config(location))
                #expect(plan.output.code == 1)
                #expect(plan.trouble.contains("no package can be read at \(location)"))
            }
        }

        @Test("A manager that an earlier package is to bring is known after it; one that is missing is an error")
        func missingManager() throws {
            try copy.inside("mv /usr/bin/ruby /usr/bin/gem /root; mv /usr/bin/rpm /root")
            let both: [String: Any] = ["packages": ["apt": ["tiny": ""], "rubygems": ["tiny": ""]]]
            let plan = try copy.plan(both)
            #expect(plan.output.code == 0, "\(plan.trouble)")
            #expect(plan.outcomes == ["packages apt changed", "packages rubygems changed"])
            #expect(plan.knownAfter.last == "packages[apt]")
            for (manager, program) in [("rubygems", "ruby"), ("yum", "rpm")] {
                let alone = try copy.plan(["packages": [manager: ["tiny": ""]]])
                #expect(alone.output.text.contains("there is no program \(program)"), "\(alone.output.text)")
                let apply = try copy.apply(["packages": [manager: ["tiny": ""]]])
                #expect(apply.output.code == 1)
                #expect(apply.trouble.contains("there is no program \(program)"), "\(apply.trouble)")
            }
        }

        @Test("A dry run without root tells the same", arguments: [Manager.apt, .yum, .zypper, .gem])
        func withoutRoot(_ manager: Manager) throws {
            try copy.warm(manager.name)
            try copy.converge(["packages": [manager.name: ["tiny": manager.versions[0]]]])
            let file = try copy.document(
                ["packages": [manager.name: ["tiny": manager.versions[0], "tiny-other": ""]]])
            chmod(file, 0o644)
            let before = try copy.differences()
            let plan = RunResult(
                try execute([
                    "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", Surroundings.program, "plan",
                    file, "--json",
                    "--root", copy.root,
                ]))
            try copy.expectUntouched(since: before)
            // Nothing told is better than something untrue.
            #expect(
                plan.output.code == 0 && plan.facts.count == 1 && plan.facts[0].hasPrefix("tiny-other: - → ")
                    || plan.output.code == 0 && plan.output.text.contains("run it as root"),
                "\(plan.output)")
        }
    }
}
