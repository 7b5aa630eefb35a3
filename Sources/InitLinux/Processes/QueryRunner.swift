// Asks the package managers. Those that write while they answer (a log, a cache, a lock) are asked, in a dry run, where
// no write lasts: in a mount namespace of their own, with their state directories below throw-away overlays.

import Glibc
import InitCore

struct QueryRunner: Sendable {
    let root: Root
    let runner: CommandRunner
    /// False in a dry run.
    let mayWrite: Bool

    func ask(_ query: Query) async -> CommandResult {
        var words = query.words
        let isQuiet = query.writes && !mayWrite
        if isQuiet {
            words =
                ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", Self.quiet, "sh", root.directory]
                + words
        }
        var command = Command(
            words.joined(separator: " "), .arguments(words),
            environment: .inherited(setting: ["LC_ALL": "C", "PYTHONDONTWRITEBYTECODE": "1"]))
        command.separatesErrors = true
        // In its namespace the script enters the other root itself.
        let runner =
            isQuiet
            ? CommandRunner(
                root: Root(), accounts: self.runner.accounts, scrubber: self.runner.scrubber, stop: self.runner.stop)
            : self.runner
        let result = await runner.run(command)
        guard isQuiet else { return result }
        switch result.ending {
        case .exited(Self.cannotBeQuiet):
            let why =
                "a dry run may not leave traces, and a private mount namespace isn't to be had here: run it as root"
            return CommandResult(.notStarted(why))
        case .exited(127): return CommandResult(.notStarted("there is no program \(query.words[0])"))
        default: return result
        }
    }

    private static let cannotBeQuiet: Int32 = 125

    /// $1: the root ("" for the host's own); the rest: the words to run.
    private static let quiet = """
        r=$1; shift
        mount -t tmpfs -o mode=1777 tmpfs "$r/tmp" || exit \(cannotBeQuiet)
        n=0
        for d in /var/lib/rpm /usr/lib/sysimage/rpm /var/lib/dnf /var/cache/dnf /var/cache/yum /var/lib/yum /var/lib/zypp \\
            /var/cache/zypp /etc/zypp /var/log /run /var/tmp /root; do
          [ -d "$r$d" ] && [ ! -L "$r$d" ] || continue
          n=$((n+1)); u=$r/tmp/.u/$n
          mkdir -p "$u/u" "$u/w" && mount -t overlay -o "lowerdir=$r$d,upperdir=$u/u,workdir=$u/w" overlay "$r$d" ||
            exit \(cannotBeQuiet)
        done
        if [ -n "$r" ]; then exec chroot "$r" "$@"; else exec "$@"; fi
        """
}
