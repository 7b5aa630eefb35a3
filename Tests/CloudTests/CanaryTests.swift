import Foundation
import InitCore
import TestSupport
import Testing

extension CloudSuite {
    /// A secret is in no log, plan, diff, state, argument list, backup; in no signal, journal, core dump; in no environment but where it is wanted.
    @Suite struct CanaryTests {
        private let host: Host
        private let standIn: StandIn
        private let stack = ["--stack", "canary", "--resource", "Host", "--region", Network.region]

        init() throws {
            host = try Host(in: Network.ofInstance())
            standIn = try host.standIn
        }

        /// Prints all its variables in every form, and in two pieces.
        private let printer = """
            import base64, json, os, sys, time, urllib.parse
            for name, value in os.environ.items():
                forms = [value, json.dumps(value), json.dumps(value, ensure_ascii=False), urllib.parse.quote(value, safe=""),
                         base64.b64encode(value.encode()).decode(), base64.encodebytes(value.encode()).decode()]
                for form in forms:
                    print(name, form)
                    print(form, file=sys.stderr)
                sys.stdout.write(value[:7]); sys.stdout.flush(); time.sleep(0.01); print(value[7:], flush=True)

            """

        private func metadata(_ document: CanaryDocument) -> [String: Any] {
            let environment = document.variables.merging(["MEANT_TO_KNOW": "1", "PATH": "/usr/bin:/bin"]) { $1 }
            func command(_ text: String, _ more: [String: Any] = [:]) -> [String: Any] {
                ["command": text, "env": environment].merging(more) { $1 }
            }
            let printing = "python3 /usr/local/lib/printer.py"
            var files = document.files
            let lost = files.removeValue(forKey: "/srv/lost") ?? [:]
            let defaults = "printf '{\"env\": {\"OTHER_TOKEN\": \"%s\"}}' \"$DB_PASSWORD\""
            let good: [String: Any] = [
                "1": command(printing, ["test": printing]), "2": command(printing, ["defaults": defaults]),
            ]
            let sets: [String: Any] = [
                "configSets": [
                    "default": ["good"], "fails": ["files", "fails"], "hangs": ["hangs"], "lost": ["lost"],
                    "absent": ["absent"],
                ],
                "good": ["files": files, "commands": good], "files": ["files": files],
                "fails": ["commands": ["1": command("\(printing); exit 3")]],
                "hangs": ["commands": ["1": command("\(printing); touch /srv/hangs; exec sleep 60")]],
                "lost": ["files": ["/srv/lost": lost]],
                "absent": ["files": ["/srv/absent": ["content": "secretsmanager://canary/json#absent"]]],
            ]
            return ["AWS::CloudFormation::Init": sets, "AWS::CloudFormation::Authentication": document.authentication]
        }

        private func stop(_ words: [String], _ signal: Int32) async throws -> Output {
            let script = "ulimit -c unlimited; cd /tmp; exec \"$@\""
            let run = try host.start(["sh", "-c", script, "sh"] + words)
            try await eventually("the command that hangs") { host.read("/srv/hangs") != nil || !run.isRunning }
            // With --signal the work is done by the second of two processes.
            kill(signal == SIGTERM ? run.identifier : children(of: run.identifier).first ?? run.identifier, signal)
            let output = try run.wait()
            try host.shell("rm -f /srv/hangs")
            return output
        }

        @Test("Secrets on every path, in runs that go well, fail and are stopped: nobody else has seen one")
        func canaries() async throws {
            let document = try await CanaryDocument(standIn)
            try await standIn.createStack("canary", ["Host": StandIn.instance(metadata(document))], hold: true)
            try host.write("/usr/local/lib/printer.py", printer)
            try host.write("/root/wait-condition", document.waitCondition)
            try await standIn.set("deny", #"[{"action": "secretsmanager:GetSecretValue", "resource": "canary/none"}]"#)
            let evidence = try Evidence(host.root, in: host.changes + "-evidence")
            func run(_ name: String, _ code: Int32, _ words: [String]) throws {
                let output = try host.run(words, setting: ["NOTIFY_SOCKET": "/run/notify"])
                #expect(output.code == code, "\(name): \(output.all)")
                try evidence.add(name, output)
            }
            let cfnInit = ["/opt/aws/bin/cfn-init", "-v"] + stack
            let apply = ["ide-init", "apply", "--signal-url", "@/root/wait-condition"]
            try run("plan of all", 0, ["ide-init", "plan", "--diff", "--run-tests"] + stack)
            try run("cfn-init", 0, cfnInit)
            try host.shell("for f in /srv/k/*; do echo changed >>$f; done")
            try run("plan of changes", 0, ["ide-init", "plan", "--json", "--diff"] + stack)
            try run("apply", 0, apply + ["--json", "--diff"] + stack)
            try host.shell("for f in /srv/k/*; do echo changed >>$f; done")
            try run("apply by itself", 1, ["ide-init", "apply", "--diff", "-c", "fails"])
            try run("cfn-init fails", 1, cfnInit + ["-c", "fails"])
            try run("apply fails", 1, apply + ["--json", "-c", "fails"])
            try run("a download fails", 1, apply + ["-c", "lost"])
            try run("no such key", 1, apply + ["-c", "absent"])
            try run("cfn-init: no such key", 1, cfnInit + ["-c", "absent,lost"])
            // From here on the syslog has to do.
            try host.shell("rm /run/systemd/journal/socket")
            for (name, signal) in [("SIGTERM", SIGTERM), ("SIGABRT", SIGABRT), ("SIGKILL", SIGKILL)] {
                let output = try await stop(apply + ["-c", "hangs"], signal)
                #expect(output.code == 1, "\(name): \(output.all)")
                try evidence.add(name, output)
            }
            // Who finds none must be able to find one.
            let planted = document.canaries("planted")
            _ = try host.run("sh", "-c", "sleep 0.1; : \(planted)")
            _ = try host.run("sleep", "0.1", setting: ["PLANTED": document.canaries("planted in an environment")])
            let (passes, ears) = try evidence.end()
            #expect(ears == ["console", "syslog", "journal", "notify"])
            let told = try await standIn.look("wait-conditions")
            try evidence.add("wait-condition", Data(told.value.pythonText.utf8))
            #expect(told.items.count == 7)
            let role = try await standIn.look("credentials")
            document.canaries.add(Canary("the role's key", core: role["secretAccessKey"]?.plainText ?? ""))
            document.canaries.add(Canary("the role's token", core: role["token"]?.plainText ?? ""))

            let found = try document.canaries.traces(in: host.changes, excluding: ["opt", "usr"])
            let missing = document.holders.subtracting(found)
            #expect(missing.isEmpty, "a file doesn't hold what it should, or the search is blind")
            let leaks = found.subtracting(document.holders)
                .filter { $0 != Canaries.Trace(canary: "wait condition", file: "/root/wait-condition") }
            #expect(leaks.isEmpty, "in the instance's tree")
            let seen = try document.canaries.traces(in: evidence.directory)
            #expect(
                seen
                    == Set(
                        ["planted", "planted in an environment"].map { Canaries.Trace(canary: $0, file: "/processes") })
            )
            tell(
                "canaries: \(document.canaries.all.count) in \(document.holders.count) places, all processes looked at \(passes) times"
            )
        }
    }
}
