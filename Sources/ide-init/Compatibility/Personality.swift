// The names by which the program behaves as one of AWS's helper scripts: a link or a copy called so is enough.

import InitCore

enum Personality: String {
    case cfnInit = "cfn-init"
    case cfnSignal = "cfn-signal"
    case cfnGetMetadata = "cfn-get-metadata"
    case cfnHup = "cfn-hup"

    init?(program: String) {
        let name = program.split(separator: "/").last.map(String.init) ?? program
        self.init(rawValue: name)
    }

    /// - Returns: the exit code.
    func run(_ arguments: [String]) async -> Int32 {
        let terminal = Terminal(environment: Composition.environment)
        switch self {
        case .cfnInit: return await CfnInit(terminal: terminal).run(arguments)
        case .cfnHup: return await CfnHup(terminal: terminal, connect: Self.connect).run(arguments)
        case .cfnSignal, .cfnGetMetadata:
            terminal.print(
                "\(rawValue): this needs AWS, which ide-init \(IdeInit.version) doesn't speak; use AWS's own",
                to: .errors)
            return 1
        }
    }

    /// Credentials by cfn-hup's own order: the role, else the credential file, else the instance's identity.
    @Sendable private static func connect(_ configuration: HupConfiguration, _: Composition, _: Scrubber) throws
        -> DescribeResource
    {
        { _ in
            throw Failure(
                .network,
                "the stack \(configuration.stack) can't be asked: this needs AWS, which ide-init \(IdeInit.version) doesn't speak; use AWS's own cfn-hup"
            )
        }
    }
}
