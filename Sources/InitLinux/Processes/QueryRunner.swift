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
        do {
            // Here, since a shell's or chroot's 127 could be rpm's count of missing packages.
            try runner.find(words[0])
        } catch {
            return CommandResult(.notStarted(Failure(wrapping: error).message))
        }
        let isRoot = geteuid() == 0
        // zypper's lock keeps even a search out.
        var setting = ["LC_ALL": "C", "PYTHONDONTWRITEBYTECODE": "1", "ZYPP_LOCK_TIMEOUT": "600"]
        // A user enters another root in a namespace only, too.
        let isQuiet = query.writes && !mayWrite || !root.isHost && !isRoot
        if isQuiet {
            let asUser = isRoot ? [] : ["--user", "--map-root-user"]
            // Whoever holds zypper's lock doesn't matter where no write lasts.
            setting["ZYPP_LOCKFILE_ROOT"] = "/tmp"
            words =
                ["unshare"] + asUser
                + ["--mount", "--propagation", "private", "/bin/sh", "-c", Self.quiet, "sh", root.directory] + words
        }
        var command = Command(
            words.joined(separator: " "), .arguments(words), environment: .inherited(setting: setting))
        command.separatesErrors = true
        // In its namespace the script enters the other root itself.
        let runner =
            isQuiet
            ? CommandRunner(
                root: Root(), accounts: self.runner.accounts, scrubber: self.runner.scrubber, stop: self.runner.stop)
            : self.runner
        let result = await runner.run(command)
        let errors = String(decoding: result.errors, as: UTF8.self)
        let isRefused = result.ending == .exited(Self.cannotBeQuiet) || errors.hasPrefix("unshare: ")
        guard isQuiet, isRefused else { return result }
        let reason = errors.split(separator: "\n").last.map { " (\($0))" } ?? ""
        return CommandResult(
            .notStarted(
                "a dry run may not leave traces, and a private mount namespace isn't to be had here\(reason); run it as root"
            ))
    }

    private static let cannotBeQuiet: Int32 = 125

    /// $1: the root ("" for the host's own); the rest: the words to run.
    private static let quiet = """
        r=$1; shift
        mount -n -t tmpfs -o mode=1777 tmpfs "$r/tmp" || exit \(cannotBeQuiet)
        n=0; parents=
        for d in /var/lib/rpm /usr/lib/sysimage/rpm /var/lib/dnf /var/cache/dnf /var/cache/yum /var/lib/yum /var/lib/zypp \\
            /var/cache/zypp /etc/zypp /var/log /run /var/tmp /root; do
          [ ! -L "$r$d" ] || continue
          if [ ! -d "$r$d" ]; then
            # What is missing would be made in its parent.
            case $d in /var/*/*) d=${d%/*} ;; *) continue ;; esac
            case $parents in *" $d "*) continue ;; esac
            parents="$parents $d "
          fi
          case $parents in *" ${d%/*} "*) continue ;; esac
          n=$((n+1)); u=$r/tmp/.u/$n
          mkdir -p "$u/u" "$u/w" && mount -n -t overlay -o "lowerdir=$r$d,upperdir=$u/u,workdir=$u/w" overlay "$r$d" ||
            exit \(cannotBeQuiet)
        done
        # dnf would wait for another dnf's end.
        rm -f "$r"/var/cache/dnf/*_lock.pid 2>/dev/null
        if [ -n "$r" ]; then exec chroot "$r" "$@"; else exec "$@"; fi
        """
}
