import CArchive
import Glibc
import InitCore

/// A tar (plain, gz, bz2, xz, zstd) or zip archive, read once from front to back with libarchive.
package struct ArchiveFile: ~Copyable {
    private let handle: OpaquePointer
    private let descriptor: Int32
    private let zipModes: [[UInt8]: UInt16]
    private let locale: locale_t?
    private let isOpen: Bool
    private var isFirst = true

    /// Reads from the start of a regular file, whose descriptor remains the caller's.
    package init(_ descriptor: Int32) throws {
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw hostFailure("read the archive") }
        guard let handle = archive_read_new() else { throw Failure(.host, "no memory to read an archive") }
        self.handle = handle
        self.descriptor = descriptor
        zipModes = ZipDirectory.repairedModes(descriptor)
        // libarchive turns a zip's UTF-8 names into the locale's charset and drops them where it can't.
        locale = newlocale(1 << LC_CTYPE, "C.UTF-8", nil) ?? newlocale(1 << LC_CTYPE, "en_US.UTF-8", nil)
        // One by one: the `_all` functions link in formats that we refuse, and half of Debian with them.
        _ = archive_read_support_filter_gzip(handle)
        _ = archive_read_support_filter_bzip2(handle)
        _ = archive_read_support_filter_xz(handle)
        _ = archive_read_support_filter_zstd(handle)
        _ = archive_read_support_format_tar(handle)
        // Read by its directory, which alone knows modes and links.
        _ = archive_read_support_format_zip_seekable(handle)
        lseek(descriptor, 0, SEEK_SET)
        isOpen = archive_read_open_fd(handle, descriptor, 128 << 10) == ARCHIVE_OK
    }

    deinit {
        archive_read_free(handle)
        if let locale { freelocale(locale) }
    }

    /// The next member, nil after the last. What wasn't read of the one before is passed over.
    package mutating func next() throws -> ArchiveMember? {
        guard isOpen else { throw unreadable() }
        let before = locale.map { uselocale($0) }
        defer { if let before { uselocale(before) } }
        var entry: OpaquePointer?
        var code = archive_read_next_header(handle, &entry)
        while code == ARCHIVE_RETRY { code = archive_read_next_header(handle, &entry) }
        defer { isFirst = false }
        if code == ARCHIVE_EOF { return nil }
        // A warning concerns an attribute (a name's charset); the member itself is there.
        guard code >= ARCHIVE_WARN, let entry else { throw isFirst ? unreadable() : damaged() }
        return member(entry)
    }

    /// Fills the buffer from the member's content; less than its size only at the end, then 0.
    package mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = archive_read_data(handle, buffer.baseAddress, buffer.count)
        // Also a warning is one too many here: it is how a wrong checksum in a zip is told.
        guard count >= 0 else { throw damaged() }
        return count
    }

    private func member(_ entry: OpaquePointer) -> ArchiveMember {
        let name = bytes(archive_entry_pathname(entry) ?? archive_entry_pathname_utf8(entry)) ?? []
        let isZip = archive_format(handle) & ARCHIVE_FORMAT_BASE_MASK == ARCHIVE_FORMAT_ZIP
        var mode = UInt16(truncatingIfNeeded: archive_entry_mode(entry)) & 0o7777
        if isZip, let repaired = zipModes[name] { mode = repaired }
        return ArchiveMember(
            name: name,
            kind: kind(entry),
            mode: mode,
            size: Int(archive_entry_size(entry)),
            modified: archive_entry_mtime_is_set(entry) == 0
                ? nil : .init(seconds: archive_entry_mtime(entry), nanoseconds: archive_entry_mtime_nsec(entry)),
            user: isZip ? nil : owner(archive_entry_uid(entry), archive_entry_uname(entry)),
            group: isZip ? nil : owner(archive_entry_gid(entry), archive_entry_gname(entry)),
            isEncrypted: archive_entry_is_encrypted(entry) != 0)
    }

    private func kind(_ entry: OpaquePointer) -> ArchiveMember.Kind {
        if let target = bytes(archive_entry_hardlink(entry) ?? archive_entry_hardlink_utf8(entry)) {
            return .hardlink(target: target)
        }
        switch archive_entry_filetype(entry) {
        case S_IFREG: return .file
        case S_IFDIR: return .directory
        case S_IFLNK:
            return .symlink(target: bytes(archive_entry_symlink(entry) ?? archive_entry_symlink_utf8(entry)) ?? [])
        case S_IFIFO: return .other("a fifo")
        case S_IFSOCK: return .other("a socket")
        case S_IFBLK, S_IFCHR: return .other("a device")
        default: return .other("of an unknown kind")
        }
    }

    private func owner(_ id: Int64, _ name: UnsafePointer<CChar>?) -> ArchiveMember.Owner {
        let name = name.map { String(cString: $0) } ?? ""
        // To chown, the highest number means "leave it".
        return .init(id: UInt32(exactly: id).flatMap { $0 == .max ? nil : $0 }, name: name.isEmpty ? nil : name)
    }

    private func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8]? {
        text.map { pointer in
            UnsafeBufferPointer(start: pointer, count: strlen(pointer)).map { UInt8(bitPattern: $0) }
        }
    }

    private var why: String { archive_error_string(handle).map { String(cString: $0) } ?? "unknown error" }

    private func damaged() -> Failure { Failure(.refused, "the archive is damaged or cut off: \(why)") }

    private func unreadable() -> Failure {
        let isUnknown = why.hasPrefix("Unrecognized")
        return ArchiveGuess(descriptor).failure(isUnknown ? nil : why)
    }
}

/// What the system just said, by errno.
func hostFailure(_ what: String, _ code: Int32 = errno) -> Failure {
    Failure(.host, "can't \(what): \(String(cString: strerror(code)))")
}
