/// An IPv4 network: `10.213.0.0/16`.
package struct Subnet: Sendable, Hashable, CustomStringConvertible {
    package let address: UInt32
    package let prefix: Int

    package init(_ address: UInt32, prefix: Int) {
        self.prefix = prefix
        self.address = address & Self.mask(prefix)
    }

    /// Nil for anything else, or with bits set behind the prefix.
    package init?(_ text: String) {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, let prefix = Int(halves[1]), (0...32).contains(prefix),
            let address = Self.address(halves[0]), address & Self.mask(prefix) == address
        else { return nil }
        self.init(address, prefix: prefix)
    }

    private static func address(_ text: some StringProtocol) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard parts.count == 4, !parts.contains(nil) else { return nil }
        return parts.reduce(0) { $0 << 8 | UInt32($1 ?? 0) }
    }

    private static func mask(_ prefix: Int) -> UInt32 { prefix == 0 ? 0 : ~UInt32(0) << UInt32(32 - prefix) }

    private var last: UInt32 { address | ~Self.mask(prefix) }

    package func overlaps(_ other: Subnet) -> Bool { address <= other.last && other.address <= last }

    package func contains(_ other: Subnet) -> Bool { prefix <= other.prefix && overlaps(other) }

    package var halves: (lower: Subnet, upper: Subnet) {
        (Subnet(address, prefix: prefix + 1), Subnet(last, prefix: prefix + 1))
    }

    /// The first subnet of that size in it that overlaps with none of these.
    package func firstFree(prefix: Int, besides taken: [Subnet]) -> Subnet? {
        var next = UInt64(address)
        while next <= UInt64(last) {
            let candidate = Subnet(UInt32(next), prefix: prefix)
            guard let hit = taken.first(where: candidate.overlaps) else { return candidate }
            next = UInt64(max(candidate.last, hit.last)) + 1
        }
        return nil
    }

    package var description: String {
        [24, 16, 8, 0].map { String(address >> UInt32($0) & 255) }.joined(separator: ".") + "/\(prefix)"
    }

    /// Of the kernel's table, but for the default route.
    /// - Parameter table: /proc/net/route; its numbers are in the host's byte order, which is little-endian wherever we run.
    package static func routed(_ table: [UInt8]) -> [Subnet] {
        String(decoding: table, as: UTF8.self).split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split { $0 == "\t" || $0 == " " }
            guard fields.count > 7, let destination = UInt32(fields[1], radix: 16),
                let mask = UInt32(fields[7], radix: 16), mask != 0
            else { return nil }
            return Subnet(destination.byteSwapped, prefix: mask.nonzeroBitCount)
        }
    }
}
