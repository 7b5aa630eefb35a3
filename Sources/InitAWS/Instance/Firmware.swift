import Glibc

/// Whether this is an EC2 machine, by what its firmware says.
/// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify_ec2_instances.html
func firmwareSaysEC2() -> Bool {
    // Nitro tells its vendor, Xen a UUID that begins with ec2.
    firstLine("/sys/class/dmi/id/sys_vendor").hasPrefix("amazon ec2")
        || firstLine("/sys/hypervisor/uuid").hasPrefix("ec2")
}

/// In lower case; nothing where it can't be read.
private func firstLine(_ path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 256)
    let count = read(descriptor, &buffer, buffer.count)
    return String(decoding: buffer[..<max(0, count)].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self).lowercased()
}
