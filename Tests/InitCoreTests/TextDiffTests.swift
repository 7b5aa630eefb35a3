import Testing

@testable import InitCore

struct TextDiffTests {
    private func diff(_ old: String, _ new: String, context: Int = 3) -> String? {
        unifiedDiff(from: Array(old.utf8), to: Array(new.utf8), oldName: "old", newName: "new", context: context)
    }

    private func lines(_ range: ClosedRange<Int>) -> String { range.map { "\($0)\n" }.joined() }

    @Test("Equal texts have no difference")
    func equal() {
        #expect(diff("a\n", "a\n") == "")
        #expect(diff("", "") == "")
    }

    @Test("A changed line stands between three lines of context")
    func oneLine() {
        let new = lines(1...9).replacing("5\n", with: "five\n")
        #expect(
            diff(lines(1...9), new) == """
                --- old
                +++ new
                @@ -2,7 +2,7 @@
                 2
                 3
                 4
                -5
                +five
                 6
                 7
                 8

                """)
    }

    @Test("Changes six lines apart share a hunk, changes seven lines apart don't")
    func hunks() throws {
        func heads(_ between: Int) throws -> [Substring] {
            let middle = lines(1...between)
            let shown = try #require(diff("a\n" + middle + "b\n", "A\n" + middle + "B\n"))
            return shown.split(separator: "\n").filter { $0.hasPrefix("@@") }
        }
        #expect(try heads(6) == ["@@ -1,8 +1,8 @@"])
        #expect(try heads(7) == ["@@ -1,4 +1,4 @@", "@@ -6,4 +6,4 @@"])
    }

    @Test("Without context only the changes show")
    func noContext() {
        #expect(diff("a\nb\nc\n", "a\nc\n", context: 0) == "--- old\n+++ new\n@@ -2 +1,0 @@\n-b\n")
    }

    @Test("A new file and an emptied one count from line 0")
    func emptySides() {
        #expect(diff("", "a\nb\n") == "--- old\n+++ new\n@@ -0,0 +1,2 @@\n+a\n+b\n")
        #expect(diff("a\n", "") == "--- old\n+++ new\n@@ -1 +0,0 @@\n-a\n")
    }

    @Test("A missing newline at the end is marked on the side that lacks it")
    func noNewline() {
        #expect(diff("a\n", "a") == "--- old\n+++ new\n@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n")
        #expect(
            diff("a\nb", "c\nb")
                == "--- old\n+++ new\n@@ -1,2 +1,2 @@\n-a\n+c\n b\n\\ No newline at end of file\n")
    }

    @Test("What isn't text has no difference to show")
    func binary() {
        #expect(unifiedDiff(from: [0xFF], to: [0x61], oldName: "a", newName: "b") == nil)
        #expect(unifiedDiff(from: [0x61], to: [0x61, 0], oldName: "a", newName: "b") == nil)
    }

    @Test("Control characters in lines and names can't reach the terminal")
    func controls() throws {
        let text = "\u{1B}]0;x\u{7}\t\u{9B}31m\u{7F}\u{202E}é\u{1F600}\r\n"
        let shown = try #require(
            unifiedDiff(from: [], to: Array(text.utf8), oldName: "a\nb", newName: "c\t\u{1B}", context: 3))
        #expect(
            shown == """
                --- a\\nb
                +++ c\\t\\x1b
                @@ -0,0 +1 @@
                +\\x1b]0;x\\x07\t\\x9b31m\\x7f\\u202eé\u{1F600}\\r

                """)
    }

    @Test("Texts that only Unicode calls equal differ")
    func normalisation() {
        #expect(diff("é\n", "e\u{301}\n") == "--- old\n+++ new\n@@ -1 +1 @@\n-é\n+e\u{301}\n")
    }

    // MARK: Properties

    /// A small generator with a seed, so that a failure can be repeated.
    private struct Dice: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    @Test("The changes lead from the old lines to the new ones, and there are as few as there can be")
    func fewestChanges() {
        var dice = Dice(state: 7)
        for _ in 0..<400 {
            let words = Int.random(in: 1...6, using: &dice)
            func text() -> [DiffLine] {
                (0..<Int.random(in: 0...25, using: &dice)).map { _ in
                    DiffLine(bytes: [UInt8(Int.random(in: 0...words, using: &dice)), 10])
                }
            }
            let (old, new) = (text(), text())
            let changes = LineDifference.changes(from: old, to: new)
            var rebuilt: [DiffLine] = []
            var at = 0
            for change in changes {
                rebuilt += old[at..<change.old.lowerBound]
                #expect(rebuilt.count == change.new.lowerBound)
                rebuilt += new[change.new]
                at = change.old.upperBound
            }
            rebuilt += old[at...]
            #expect(rebuilt == new)
            let kept = old.count - changes.reduce(0) { $0 + $1.old.count }
            #expect(kept == longestCommon(old, new))
        }
    }

    private func longestCommon(_ left: [DiffLine], _ right: [DiffLine]) -> Int {
        var row = Array(repeating: 0, count: right.count + 1)
        for item in left {
            var corner = 0
            for (column, other) in right.enumerated() {
                let above = row[column + 1]
                row[column + 1] = item == other ? corner + 1 : max(above, row[column])
                corner = above
            }
        }
        return row[right.count]
    }

    @Test("Large files that have nothing in order are replaced as a whole")
    func largeFiles() throws {
        let base = (0..<30_000).map { "line \($0)\n" }
        let shown = try #require(diff(base.joined(), base.reversed().joined()))
        #expect(shown.hasPrefix("--- old\n+++ new\n@@ -1,30000 +1,30000 @@\n-line 0\n-line 1\n"))
        var changed = base
        for place in stride(from: 0, to: 30_000, by: 10) { changed[place] = "other \(place)\n" }
        let few = try #require(diff(base.joined(), changed.joined(), context: 0))
        #expect(few.utf8.split(separator: 10).count == 2 + 3 * 3000)
    }
}
