import Glibc

/// A zip's central directory, read for one thing that libarchive doesn't tell: which members have no Unix mode.
/// The original leaves those unreadable (0000), libarchive makes up 0664.
enum ZipDirectory {
    /// Modes by name, of the members that weren't made on Unix or whose Unix mode is 0.
    static func repairedModes(_ descriptor: Int32) -> [[UInt8]: UInt16] {
        guard let (start, size) = find(descriptor) else { return [:] }
        var modes: [[UInt8]: UInt16] = [:]
        var offset = start
        while offset + 46 <= start + size {
            guard let header = read(descriptor, at: offset, count: 46), header.number(0, 4) == 0x0201_4B50 else {
                break
            }
            let system = header.number(5, 1)
            let attributes = header.number(38, 4)
            let nameLength = header.number(28, 2)
            let isUnix = system == 3 || system == 19
            if !isUnix || attributes >> 16 == 0 {
                guard var name = read(descriptor, at: offset + 46, count: nameLength) else { break }
                // As libarchive does for archives from Windows.
                if !name.contains(slash) { name = name.map { $0 == UInt8(ascii: "\\") ? slash : $0 } }
                let isDirectory = name.last == slash || (!isUnix && attributes & 0x10 != 0)
                let mode = UInt16(attributes >> 16 & 0o7777)
                modes[name] = mode != 0 ? mode : isDirectory ? 0o755 : 0o644
                if isDirectory, name.last != slash { modes[name + [slash]] = modes[name] }
            }
            offset += 46 + nameLength + header.number(30, 2) + header.number(32, 2)
        }
        return modes
    }

    private static let slash = UInt8(ascii: "/")

    /// Where the directory lies, reckoned back from the record at the file's end: so also behind a program that
    /// unpacks itself.
    private static func find(_ descriptor: Int32) -> (start: Int, size: Int)? {
        let length = lseek(descriptor, 0, SEEK_END)
        // The record is the last thing in the file but for a comment of at most 64 KiB.
        let tailStart = max(0, length - 65_557)
        guard length >= 22, let tail = read(descriptor, at: tailStart, count: length - tailStart) else { return nil }
        var index = tail.count - 22
        while index >= 0, tail.number(index, 4) != 0x0605_4B50 { index -= 1 }
        guard index >= 0 else { return nil }
        var end = tailStart + index
        var size = tail.number(index + 12, 4)
        // Zip64: a locator before this record, and the longer record before that.
        if let locator = read(descriptor, at: end - 20, count: 20), locator.number(0, 4) == 0x0706_4B50,
            let long = read(descriptor, at: end - 76, count: 56), long.number(0, 4) == 0x0606_4B50
        {
            end -= 76
            size = long.number(40, 8)
        }
        return size >= 0 && size <= end ? (end - size, size) : nil
    }

    private static func read(_ descriptor: Int32, at offset: Int, count: Int) -> [UInt8]? {
        guard offset >= 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        let got = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, count, offset) }
        return got == count ? bytes : nil
    }
}

extension [UInt8] {
    /// A little-endian number.
    fileprivate func number(_ offset: Int, _ count: Int) -> Int {
        Int(truncatingIfNeeded: self[offset..<(offset + count)].reversed().reduce(UInt(0)) { $0 << 8 | UInt($1) })
    }
}
