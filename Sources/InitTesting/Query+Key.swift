// Queries as fixtures name them: the case and its words, without the programs' options.

package import InitCore

extension Query {
    package var key: String {
        switch self {
        case .debsInstalled(let names): "debsInstalled " + names.joined(separator: " ")
        case .debsProviding: "debsProviding"
        case .debPolicy(let names): "debPolicy " + names.joined(separator: " ")
        case .rpmsInstalled(let names): "rpmsInstalled " + names.joined(separator: " ")
        case .rpmProviders(let names): "rpmProviders " + names.joined(separator: " ")
        case .rpmsAvailable(let program, let names): "\(program)Available " + names.joined(separator: " ")
        case .rpmFile(let location): "rpmFile \(location)"
        case .zypperSearch(let names): "zypperSearch " + names.joined(separator: " ")
        case .gemsInstalled(let names): "gemsInstalled " + names.joined(separator: " ")
        case .routingRules: "routingRules"
        case .pipsInstalled(let names): "pipsInstalled " + names.joined(separator: " ")
        }
    }
}
