// A network namespace of an instance's own, in which nothing is to be reached but the stand-in, at AWS's names and addresses.

import Foundation
import TestSupport

final class Network {
    /// The stand-in's region, whatever a document says.
    static let region = "us-east-1"

    private let holder: Running
    /// For the stand-in's certificates.
    private let directory: String
    /// Nil: there is nobody at all.
    private(set) var standIn: StandIn?

    /// - Parameter setUp: a shell's commands in the namespace, where only the loopback is up.
    private init(_ setUp: String) throws {
        directory = try Surroundings.scratch.get() + "/tls-\(UUID().uuidString.prefix(8))"
        // It ends with its standard input, so with us, whatever becomes of us.
        holder = try Running(
            ["unshare", "--net", "sh", "-ec", "ip link set lo up; \(setUp); echo ready; exec cat >/dev/null"])
        let end = Date().addingTimeInterval(10)
        while try holder.read("output") != "ready\n" {
            guard holder.isRunning, Date() < end else {
                holder.endInput()
                throw Trouble("no network namespace: \(try holder.wait().errors)")
            }
            usleep(5_000)
        }
    }

    deinit {
        standIn = nil
        holder.endInput()
        _ = try? holder.wait()
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// With the stand-in at 169.254.169.254:80 and, for all names of `hosts`, at 127.0.0.1:443.
    static func ofInstance() throws -> Network {
        let network = try Network("ip addr add 169.254.169.254/32 dev lo")
        network.standIn = try StandIn([
            "--namespace", network.path, "--tls", network.directory, "--tls-port", "443",
            "--imds-address", "169.254.169.254", "--imds-port", "80",
        ])
        return network
    }

    /// The same with the stand-in on another machine, as it were: all ports of this one are free.
    static func ofIDEHost() throws -> Network {
        let outside = try Network(":")
        let network = try Network(
            """
            ip link add aws type veth peer name host netns \(outside.holder.identifier)
            ip addr add 10.77.0.2/24 dev aws; ip link set aws up; ip route add 169.254.169.254 dev aws
            far="nsenter --net=\(outside.path)"; $far ip addr add \(addressOfAWS)/24 dev host
            $far ip addr add 169.254.169.254/32 dev host; $far ip link set host up
            """)
        network.outside = outside
        network.address = addressOfAWS
        network.standIn = try StandIn([
            "--namespace", outside.path, "--tls", network.directory, "--tls-port", "443", "--tls-address", addressOfAWS,
            "--imds-address", "169.254.169.254", "--imds-port", "80",
        ])
        return network
    }

    private static let addressOfAWS = "10.77.0.1"
    private var outside: Network?
    /// Where AWS's names lead.
    private(set) var address = "127.0.0.1"

    /// Where packets go out and nothing ever comes back: no answer, no refusal.
    static func blackHole() throws -> Network {
        try Network(
            """
            ip link add out type veth peer name nowhere; ip link set out up; ip link set nowhere up
            ip addr add 10.1.0.2/24 dev out; ip route add default via 10.1.0.1 dev out
            ip neigh add 10.1.0.1 lladdr 02:00:00:00:00:99 dev out
            ip -6 addr add fd01::2/64 dev out nodad; ip -6 route add default via fd01::1 dev out
            ip -6 neigh add fd01::1 lladdr 02:00:00:00:00:99 dev out
            """)
    }

    private var path: String { "/proc/\(holder.identifier)/ns/net" }

    /// The words that start something in it, as the same process.
    var words: [String] { ["nsenter", "--net=\(path)"] }

    /// What an instance takes for the real AWS.
    static let hosts: [String] =
        ["cloudformation", "ssm", "secretsmanager", "s3", "sts", "ec2"].map { "\($0).\(region).amazonaws.com" }
        + ["route53.amazonaws.com"]
        + ["canary-bucket", "canary-keys", "releases", "cloudformation-waitcondition-\(region)"].map {
            "\($0).s3.\(region).amazonaws.com"
        }
}
