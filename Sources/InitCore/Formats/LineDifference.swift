// Which lines changed: Myers' "An O(ND) Difference Algorithm and Its Variations" (1986), with a bound on its effort.

enum LineDifference {
    /// Old lines that gave way to new ones; either range may be empty. Between two changes all lines are equal.
    struct Change: Equatable {
        var old: Range<Int>
        var new: Range<Int>
    }

    /// More edits than this are not searched for: the memory grows with the square of it.
    static let mostEdits = 1000
    /// Edits times lines, the steps that the search takes at worst.
    static let mostSteps = 1 << 28

    /// The fewest changes; for files too large and too different, one change from the first to the last difference.
    static func changes(from old: [DiffLine], to new: [DiffLine]) -> [Change] {
        var start = 0
        while start < old.count, start < new.count, old[start] == new[start] { start += 1 }
        var (oldEnd, newEnd) = (old.count, new.count)
        while oldEnd > start, newEnd > start, old[oldEnd - 1] == new[newEnd - 1] {
            oldEnd -= 1
            newEnd -= 1
        }
        guard start < oldEnd || start < newEnd else { return [] }

        // A line that the other side doesn't have is a change in any case: the search needn't see it.
        var numbers: [DiffLine: Int32] = [:]
        var isInNew: [Bool] = []
        let newNumbers = new[start..<newEnd].map { line in
            let next = Int32(numbers.count)
            let number = numbers[line, default: next]
            if number == next { numbers[line] = next }
            return number
        }
        isInNew = Array(repeating: false, count: numbers.count)
        var oldShared: [Shared] = []
        for place in start..<oldEnd {
            guard let number = numbers[old[place]] else { continue }
            isInNew[Int(number)] = true
            oldShared.append(Shared(number: number, place: place))
        }
        let newShared = newNumbers.enumerated().compactMap { offset, number in
            isInNew[Int(number)] ? Shared(number: number, place: start + offset) : nil
        }
        let pairs = matches(oldShared.map(\.number), newShared.map(\.number)) ?? []

        var changes: [Change] = []
        var (oldAt, newAt) = (start, start)
        func close(_ oldNext: Int, _ newNext: Int) {
            if oldAt < oldNext || newAt < newNext { changes.append(Change(old: oldAt..<oldNext, new: newAt..<newNext)) }
            (oldAt, newAt) = (oldNext + 1, newNext + 1)
        }
        for pair in pairs { close(oldShared[pair.old].place, newShared[pair.new].place) }
        close(oldEnd, newEnd)
        return changes
    }

    private struct Shared {
        let number: Int32
        let place: Int
    }

    /// A longest common subsequence as pairs of places; nil when finding it takes too long.
    private static func matches(_ old: [Int32], _ new: [Int32]) -> [(old: Int, new: Int)]? {
        let limit = min(mostEdits, max(64, mostSteps / max(1, old.count + new.count)), old.count + new.count)
        // How far each diagonal (old place minus new place) gets, after each number of edits.
        var reach = [Int32](repeating: 0, count: 2 * limit + 3)
        var history: [[Int32]] = []
        for edits in 0...limit {
            var isDone = false
            for diagonal in stride(from: -edits, through: edits, by: 2) {
                let index = diagonal + limit + 1
                let goesDown = diagonal == -edits || (diagonal != edits && reach[index - 1] < reach[index + 1])
                var x = Int(goesDown ? reach[index + 1] : reach[index - 1] + 1)
                if edits == 0 { x = 0 }
                while x < old.count, x - diagonal < new.count, x - diagonal >= 0, old[x] == new[x - diagonal] { x += 1 }
                reach[index] = Int32(x)
                if x == old.count, x - diagonal == new.count {
                    isDone = true
                    break
                }
            }
            history.append(Array(reach[limit + 1 - edits...limit + 1 + edits]))
            if isDone { return path(history, old.count, new.count) }
        }
        return nil
    }

    /// The way back from the end, edit by edit.
    private static func path(_ history: [[Int32]], _ oldCount: Int, _ newCount: Int) -> [(old: Int, new: Int)] {
        var pairs: [(old: Int, new: Int)] = []
        var (x, y) = (oldCount, newCount)
        for edits in stride(from: history.count - 1, to: 0, by: -1) {
            let before = history[edits - 1]
            func reach(_ diagonal: Int) -> Int? {
                let index = diagonal + edits - 1
                return before.indices.contains(index) ? Int(before[index]) : nil
            }
            let diagonal = x - y
            let (left, above) = (reach(diagonal - 1) ?? -1, reach(diagonal + 1) ?? -1)
            let goesDown = diagonal == -edits || (diagonal != edits && left < above)
            let startX = goesDown ? above : left + 1
            while x > startX {
                x -= 1
                y -= 1
                pairs.append((x, y))
            }
            if goesDown { y -= 1 } else { x -= 1 }
        }
        while x > 0, y > 0 {
            x -= 1
            y -= 1
            pairs.append((x, y))
        }
        return pairs.reversed()
    }
}
