// The closed list of what a probe may execute. None of these changes anything for good: the ones whose program would
// write (a log, a cache, a lock file) say so, and a dry run gives them a file system where no write lasts.

package enum Query: Sendable, Equatable {
    case debsInstalled([String])
    /// What each installed package provides.
    case debsProviding
    case debPolicy([String])
    case rpmsInstalled([String])
    case rpmProviders([String])
    /// From the caches of yum or dnf only.
    case rpmsAvailable(program: String, [String])
    /// Name and version of package files or URLs.
    case rpmFile(String)
    case zypperSearch([String])
    case gemsInstalled([String])
    case pipsInstalled([String])
    case routingRules

    package var words: [String] {
        switch self {
        case .debsInstalled(let names):
            ["dpkg-query", "-W", "-f", "${Package}|${Version}|${db:Status-Abbrev}\\n"] + names
        case .debsProviding:
            ["dpkg-query", "-W", "-f", "${db:Status-Abbrev}|${Provides}\\n"]
        case .debPolicy(let names):
            // Without its cache files apt-cache builds the cache in memory.
            ["apt-cache", "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=", "policy"] + names
        case .rpmsInstalled(let names):
            ["rpm", "-q", "--nosignature", "--qf", Self.rpmFormat] + names
        case .rpmProviders(let names):
            ["rpm", "-q", "--nosignature", "--whatprovides", "--qf", Self.rpmFormat] + names
        case .rpmsAvailable(let program, let names):
            [program, "-C", "-q", "--setopt=*.skip_if_unavailable=1", "--showduplicates", "list", "available"] + names
        case .rpmFile(let location):
            ["rpm", "-qp", "--nosignature", "--qf", Self.rpmFormat, location]
        case .zypperSearch(let names):
            [
                "zypper", "--non-interactive", "--no-refresh", "--xmlout", "search", "-s", "--match-exact", "-t",
                "package",
            ] + names
        case .gemsInstalled(let names):
            ["ruby", "-e", Self.gemScript] + names
        case .pipsInstalled(let names):
            ["python3", "-B", "-I", "-c", Self.pipScript] + names
        case .routingRules: ["ip", "-4", "rule", "show"]
        }
    }

    private static let gemScript =
        ##"ARGV.each { |n| Gem::Specification.stubs_for(n).each { |s| puts "#{s.name}|#{s.version}" } }"##

    private static let pipScript = """
        import sys
        try:
          from importlib.metadata import version
        except ImportError:
          import pkg_resources
          version = lambda n: pkg_resources.get_distribution(n).version
        for n in sys.argv[1:]:
          try: print(n + "|" + version(n))
          except Exception: pass
        """

    private static let rpmFormat = "%{NAME}|%{EPOCHNUM}|%{VERSION}|%{RELEASE}\\n"

    /// Whether the program touches files of its own while it answers.
    package var writes: Bool {
        switch self {
        case .debsInstalled, .debsProviding, .debPolicy, .routingRules: false
        case .rpmsInstalled, .rpmProviders, .rpmsAvailable, .rpmFile, .zypperSearch, .gemsInstalled, .pipsInstalled:
            true
        }
    }
}
