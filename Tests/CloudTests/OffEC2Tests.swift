import Foundation
import Testing

extension CloudSuite {
    /// Off EC2, where what is sent to 169.254.169.254 is never answered and never refused: the original hangs for a minute.
    @Suite struct OffEC2Tests {
        @Test(
            "Nobody waits where there is no instance metadata",
            arguments: [
                (["/opt/aws/bin/cfn-signal", "--help"], 0, "Usage: cfn-signal"),
                (["ide-init", "apply"], 64, "this machine can't be asked for its stack"),
                (["ide-init", "apply", "--signal", "/etc/hosts"], 64, "no stack is named that could be told"),
                (["/opt/aws/bin/cfn-init", "-s", "S", "-r", "R"], 1, "there are none"),
                (["/opt/aws/bin/cfn-signal", "-e", "0", "--stack", "S", "--resource", "R"], 1, "there are none"),
            ])
        func patience(_ words: [String], _ code: Int32, _ says: String) throws {
            let host = try Host(in: Network.blackHole())
            let output = try host.run(words)
            #expect(output.code == code && output.all.contains(says), "\(output)")
            #expect(output.seconds < 10)
            tell("off EC2, \(words.joined(separator: " ")): \(String(format: "%.2f s", output.seconds))")
        }
    }
}
