import InitCore
import Testing

@Suite struct RPMVersionTests {
    /// From rpm's own suite (tests/rpmvercmp.at): 1 is newer than 2 (>), older (<), or the same (=).
    private static let vectors = """
        1.0 = 1.0 | 1.0 < 2.0 | 2.0.1 = 2.0.1 | 2.0 < 2.0.1 | 2.0.1a = 2.0.1a | 2.0.1a > 2.0.1 | 5.5p1 = 5.5p1
        5.5p1 < 5.5p2 | 5.5p10 > 5.5p1 | 10xyz < 10.1xyz | xyz10 = xyz10 | xyz10 < xyz10.1 | xyz.4 = xyz.4 | xyz.4 < 8
        xyz.4 < 2 | 5.5p2 < 5.6p1 | 5.6p1 < 6.5p1 | 6.0.rc1 > 6.0 | 10b2 > 10a1 | 1.0aa > 1.0a | 10.0001 = 10.1
        10.0001 < 10.0039 | 4.999.9 < 5.0 | 20101121 < 20101122 | 2_0 = 2.0 | a = a+ | a+ = a_ | +a = _a | + = _
        1.0~rc1 = 1.0~rc1 | 1.0~rc1 < 1.0 | 1.0~rc1 < 1.0~rc2 | 1.0~rc1~git123 < 1.0~rc1 | 1.0~rc1 > 1.0~rc1~git123
        1.0^ = 1.0^ | 1.0^ > 1.0 | 1.0^git1 = 1.0^git1 | 1.0^git1 > 1.0 | 1.0^git1 < 1.0^git2 | 1.0^git1 < 1.01
        1.0^20160101 = 1.0^20160101 | 1.0^20160101 < 1.0.1 | 1.0^20160101^git1 = 1.0^20160101^git1
        1.0^20160102 > 1.0^20160101^git1 | 1.0~rc1^git1 = 1.0~rc1^git1 | 1.0~rc1^git1 > 1.0~rc1
        1.0^git1~pre = 1.0^git1~pre | 1.0^git1 > 1.0^git1~pre
        """

    @Test("Versions stand in rpm's order, in both directions")
    func order() throws {
        for vector in Self.vectors.split(whereSeparator: { $0 == "|" || $0.isNewline }) {
            let words = vector.split(separator: " ").map(String.init)
            try #require(words.count == 3)
            let left = RPMVersion(epoch: 0, version: words[0], release: "")
            let right = RPMVersion(epoch: 0, version: words[2], release: "")
            #expect((left < right) == (words[1] == "<"), "\(vector)")
            #expect((right < left) == (words[1] == ">"), "\(vector)")
        }
    }

    @Test("The epoch counts first, the release last, and a missing release agrees with any")
    func parts() {
        #expect(RPMVersion("1:1.0-1") > RPMVersion("2.0-1"))
        #expect(RPMVersion("1.0-2") > RPMVersion("1.0-1"))
        #expect(RPMVersion("1.0-10.el9") > RPMVersion("1.0-9.el9"))
        #expect(!(RPMVersion("1.0") < RPMVersion("1.0-1")) && !(RPMVersion("1.0-1") < RPMVersion("1.0")))
        #expect(["1.0-1", "1:0.5", "1.0~rc1-1"].map { RPMVersion($0) }.max()?.description == "1:0.5")
    }

    @Test("A wish is satisfied with epoch and release written or left out")
    func satisfies() {
        let version = RPMVersion(epoch: 2, version: "8.2.9", release: "3.amzn2")
        for text in ["8.2.9", "8.2.9-3.amzn2", "2:8.2.9", "2:8.2.9-3.amzn2"] { #expect(version.satisfies(text)) }
        for text in ["8.2", "8.2.9-3", "1:8.2.9", ""] { #expect(!version.satisfies(text), "\(text)") }
        #expect(RPMVersion(epoch: 0, version: "1", release: "1").satisfies("0:1-1"))
    }

    @Test("Any versions are in a strict order")
    func strictOrder() {
        var random = SeededGenerator(3)
        let pieces = ["1", "10", "01", "a", "b", ".", "~", "^", "_", "rc"]
        let versions = (0..<60).map { _ in
            let text = (0..<4).map { _ in pieces.randomElement(using: &random) ?? "1" }.joined()
            return RPMVersion(epoch: 0, version: text, release: "")
        }
        for a in versions {
            #expect(!(a < a))
            for b in versions {
                #expect(!(a < b && b < a), "\(a) \(b)")
                for c in versions where a < b && b < c { #expect(a < c, "\(a) \(b) \(c)") }
            }
        }
    }
}
