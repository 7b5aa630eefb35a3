/// Whether there is a PEM private key of any kind in it: `-----BEGIN [EC |RSA |ENCRYPTED …]PRIVATE KEY-----` (RFC 7468).
func holdsPrivateKey(_ bytes: some Collection<UInt8>) -> Bool { holds("PRIVATE KEY-----", bytes) }

/// Whether the ASCII text stands in the bytes. String's own search goes by characters, which large documents feel.
func holds(_ text: StaticString, _ bytes: some Collection<UInt8>) -> Bool {
    func search(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        var start = bytes.startIndex
        while let hit = bytes[start...].firstIndex(of: wanted[0]), hit + wanted.count <= bytes.count {
            if bytes[hit..<hit + wanted.count].elementsEqual(wanted) { return true }
            start = hit + 1
        }
        return false
    }
    return bytes.withContiguousStorageIfAvailable(search) ?? Array(bytes).withUnsafeBufferPointer(search)
}
