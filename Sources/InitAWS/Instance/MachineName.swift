import Crypto
import InitCore

extension InstanceMetadata {
    /// This machine in marks that outlast a run: the instance's id, elsewhere than on EC2 one made from machine-id(5), which itself
    /// isn't to be shown.
    /// - Parameter machineID: the content of /etc/machine-id.
    /// - Throws: `Failure` where there is neither.
    package func machineName(machineID: () throws -> [UInt8]?) async throws -> String {
        do {
            return try await instanceID()
        } catch let error as Unavailable {
            guard let id = try machineID(), !id.isEmpty else {
                throw Failure(
                    .host, "this machine has no lasting name: no instance id (\(error.why)), and no /etc/machine-id")
            }
            return "machine-\(hexadecimal(SHA256.hash(data: Array("ide-init ".utf8) + id).prefix(10)))"
        }
    }
}
