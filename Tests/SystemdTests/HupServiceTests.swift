// cfn-hup as a unit, in each of the forms that people write. No stack answers here.

import Foundation
import Testing

@Suite(
    .serialized,
    .enabled(
        if: Machine.isThere || Machine.isRequired,
        "a systemd of our own needs root and IDE_INIT_ROOTS, the folder where test roots are kept"))
struct HupServiceTests {
    let machine: Machine

    init() throws { machine = try Machine.shared.get() }

    @Test(arguments: ["simple", "forking", "forking\nPIDFile=/run/cfn-hup.pid"])
    func `a unit of any type starts, is told apart by its pid file, reloads and stops`(type: String) throws {
        try machine.run(
            "sh", "-c",
            "ln -sf /opt/program/\(URL(filePath: Machine.program).lastPathComponent) /usr/bin/cfn-hup; rm -f /var/log/cfn-hup.log"
        )
        try machine.write("/etc/cfn/cfn-hup.conf", "[main]\nstack=s\n")
        try machine.write("/etc/cfn/hooks.d/a", "[a]\ntriggers=post.update\npath=Resources.X.Metadata\naction=true\n")
        try machine.write(
            "/etc/systemd/system/cfn-hup.service",
            """
            [Service]
            Type=\(type)
            # It starts itself anew, which Tests/Roots/boot's wrapper wouldn't survive.
            Environment=LD_LIBRARY_PATH=/opt/program/lib
            ExecStart=/usr/bin/cfn-hup -v
            ExecReload=/bin/sh -c 'kill -HUP $MAINPID'
            TimeoutStartSec=20

            """)
        try machine.run("systemctl", "daemon-reload")
        let start = try machine.run("systemctl", "start", "cfn-hup")
        #expect(start.code == 0, "\(start.text)")
        try machine.write("/etc/cfn/hooks.d/b", "[b]\ntriggers=post.update\npath=Resources.X.Metadata\naction=true\n")
        let reloaded = try machine.run(
            "sh", "-c",
            """
            for i in $(seq 500); do grep -q 'hooks: a' /var/log/cfn-hup.log && break; sleep 0.02; done
            systemctl reload cfn-hup
            for i in $(seq 500); do grep -q 'hooks: a, b' /var/log/cfn-hup.log && exit 0; sleep 0.02; done
            cat /var/log/cfn-hup.log; exit 1
            """)
        #expect(reloaded.code == 0, "\(reloaded.text)")
        let process = machine.read("/run/cfn-hup.pid")?.trimmingCharacters(in: .newlines)
        #expect(try machine.property("MainPID", of: "cfn-hup") == process)
        #expect(try machine.run("systemctl", "restart", "cfn-hup").code == 0)
        #expect(try machine.isActive("cfn-hup"))
        #expect(try machine.run("systemctl", "stop", "cfn-hup").code == 0)
        #expect(try machine.property("Result", of: "cfn-hup") == "success")
        #expect(machine.read("/run/cfn-hup.pid") == nil)
        try machine.run("rm", "/etc/cfn/hooks.d/b")
    }
}
