// ide-init dns: this machine's records alone, for its boot and its end.

import ArgumentParser
import Glibc
import InitCore

struct DNSCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dns", abstract: "Make this machine's DNS records, or take them away.",
        discussion: """
            For ide-init-dns.service, which the dns section sets up: the records are made at boot and \
            taken away when the machine is switched off, not when it is restarted.
            """,
        subcommands: [DNSSyncCommand.self, DNSRemoveCommand.self])
}

struct DNSSyncCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Bring the records to what the last run's document says.",
        discussion: "Only the document's dns sections count, with this machine's address of today.")

    @Argument(
        help: "The metadata document. Without one: that of the last run from a stack.",
        completion: .file(extensions: ["json"]))
    var file: String?

    @Option(
        name: [.short, .customLong("configsets")],
        help: "The configSets, in order, with commas between. (default: those of the last run, else default)")
    var configSets = ""

    @OptionGroup var cloud: CloudOptions

    @Flag(
        help:
            "For the unit: where a run is at work, which sees to the records itself, no document is kept, or this machine is a copy of the one that applied it, there is nothing to do."
    )
    var boot = false

    func run() async {
        let names = configSets.split(separator: ",").map(String.init)
        await DNSSync(file: file, configSets: names, cloud: cloud, isBoot: boot).perform()
    }
}

struct DNSRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Take away all records that this machine has made.",
        discussion: """
            In all hosted zones in which records were made from here: those whose mark names this \
            machine. Takes 20 seconds at most, and doesn't wait until all servers know.
            """)

    @OptionGroup var cloud: CloudOptions

    @Flag(help: "For the unit: only if the machine is being switched off; a restart keeps the records.")
    var atPoweroff = false

    func run() async { await DNSRemoval(cloud: cloud, onlyAtPoweroff: atPoweroff).perform() }
}
