// Structured entries of systemd's journal: sd_journal_sendv(3).

import CSystemd
import Glibc

package enum Journal {
    /// Whether there is one to write to.
    package static var isThere: Bool { access("/run/systemd/journal/socket", W_OK) == 0 }

    /// - Parameter fields: names in upper case; MESSAGE is the line that is shown.
    package static func send(_ fields: [(name: String, value: String)]) {
        let texts = fields.map { Array("\($0.name)=\($0.value)".utf8) }
        var starts: [Int] = []
        var bytes: [UInt8] = []
        for text in texts {
            starts.append(bytes.count)
            bytes += text
        }
        bytes.withUnsafeMutableBytes { buffer in
            let vectors = zip(starts, texts).map { start, text in
                iovec(iov_base: buffer.baseAddress.map { $0 + start }, iov_len: text.count)
            }
            sd_journal_sendv(vectors, Int32(vectors.count))
        }
    }

    /// Whether what is written to a descriptor goes to the journal line by line (systemd.exec(5), JOURNAL_STREAM).
    package static func reads(_ descriptor: Int32) -> Bool {
        guard isThere, let stream = getenv("JOURNAL_STREAM").map({ String(cString: $0) }) else { return false }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { return false }
        return stream == "\(info.st_dev):\(info.st_ino)"
    }
}
