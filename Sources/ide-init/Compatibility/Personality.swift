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
        case .cfnSignal: return await CfnSignal(terminal: terminal).run(arguments)
        case .cfnGetMetadata: return await CfnGetMetadata(terminal: terminal).run(arguments)
        case .cfnHup: return await CfnHup(terminal: terminal).run(arguments)
        }
    }
}
