// Runs a check where staged files already stand at their places and removed ones are gone: in a mount namespace of its own,
// so that nobody else sees them before the check has passed. Where none is to be had they are put in place, and back again on a no.

import CLinux
import Glibc
import InitCore

struct StagedCheck: Sendable {
    /// One entry of a directory.
    struct Entry: Sendable {
        /// On the host, with the root in front.
        let directory: String
        let name: String
        /// The staged file beside it; nil: the entry is to be gone.
        let temporary: String?
    }

    let root: Root
    let runner: CommandRunner

    /// - Throws: `Failure` with the check's no.
    func ask(_ check: FileCheck, over entries: [Entry]) async throws {
        guard case .arguments(let words) = check.command.program else {
            throw Failure(.host, "\(check.command.title): a check is a list of words")
        }
        // Here, since a program that is missing inside looks like a namespace that can't be had.
        try runner.find(words[0])
        let result: CommandResult
        if let inNamespace = await askInNamespace(check.command, words, entries) {
            result = inNamespace
        } else {
            result = try await askInPlace(check.command, entries)
        }
        if result.succeeded { return }
        if let reason = runner.stop.stopReason { throw reason }
        throw check.failure(result)
    }

    // MARK: In a namespace

    /// Nil where there are no mount namespaces.
    private func askInNamespace(_ command: Command, _ words: [String], _ entries: [Entry]) async -> CommandResult? {
        let directories = Set(entries.map(\.directory)).sorted()
        var command = command
        command.program = .arguments(
            ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", Self.script, "sh", root.directory]
                + ["\(directories.count)"] + directories
                + ["\(entries.count)"] + entries.flatMap { [$0.directory, $0.temporary ?? "", $0.name] } + words)
        // The script enters the other root itself.
        let host = CommandRunner(
            root: Root(), accounts: runner.accounts, scrubber: runner.scrubber, stop: runner.stop,
            runGuard: runner.runGuard)
        let result = await host.run(command)
        if case .notStarted = result.ending { return nil }
        return result.ending == .exited(Self.isImpossible) || result.text.hasPrefix("unshare: ") ? nil : result
    }

    private static let isImpossible: Int32 = 125

    /// $1: the root ("" for the host's own); a count and the directories; a count and the entries, three words each
    /// (directory, staged name or nothing, name); the words to run.
    /// Each directory becomes a copy of itself: the shell stands in the old one while the new one is mounted over it.
    private static let script = """
        r=$1; n=$2; shift 2
        while [ "$n" -gt 0 ]; do
          cd -P "$1" && mount -n -t tmpfs -o mode=0755 tmpfs "$1" && cp -a ./. "$1"/ && cd / || exit \(isImpossible)
          n=$((n-1)); shift
        done
        n=$1; shift
        while [ "$n" -gt 0 ]; do
          if [ -n "$2" ]; then mv -f "$1/$2" "$1/$3"; else rm -f "$1/$3"; fi || exit \(isImpossible)
          n=$((n-1)); shift 3
        done
        if [ -n "$r" ]; then exec chroot "$r" "$@"; else exec "$@"; fi
        """

    // MARK: In place

    private func askInPlace(_ command: Command, _ entries: [Entry]) async throws -> CommandResult {
        var exchanged: [Exchange] = []
        do {
            for entry in entries { exchanged.append(try Exchange(entry)) }
        } catch {
            for exchange in exchanged.reversed() { try exchange.undo() }
            throw error
        }
        let result = await runner.run(command)
        for exchange in exchanged.reversed() { try exchange.undo() }
        return result
    }

    /// The old entry waits under the staged file's name, which is the same for all time: a killed run's next one finds it.
    private struct Exchange {
        private let entry: Entry
        private let temporary: String
        /// Whether something stood at its place.
        private let stood: Bool

        init(_ entry: Entry) throws {
            self.entry = entry
            temporary = entry.temporary ?? StagedFile.temporaryName(of: entry.name)
            let place = "\(entry.directory)/\(entry.name)"
            let spare = "\(entry.directory)/\(temporary)"
            var info = stat()
            stood = lstat(place, &info) == 0
            let isDone =
                if entry.temporary == nil {
                    rename(place, spare) == 0
                } else if stood {
                    linuxExchange(AT_FDCWD, spare, AT_FDCWD, place) == 0
                } else {
                    rename(spare, place) == 0
                }
            guard isDone else { throw systemFailure("can't be put in place for its check", place) }
        }

        func undo() throws {
            let place = "\(entry.directory)/\(entry.name)"
            let spare = "\(entry.directory)/\(temporary)"
            let isDone =
                if entry.temporary == nil {
                    rename(spare, place) == 0
                } else if stood {
                    linuxExchange(AT_FDCWD, spare, AT_FDCWD, place) == 0
                } else {
                    rename(place, spare) == 0
                }
            guard isDone else {
                throw systemFailure("what stood here before its check can't be put back; it is \(temporary)", place)
            }
        }
    }
}
