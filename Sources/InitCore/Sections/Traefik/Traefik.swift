// traefik: {version, domain, entryPoints, certificates, dashboard, …}: the files that one Traefik reads, in one directory.
// The container that runs it is an item of `containers` like any other.

let traefikSection = SectionType(
    key: TraefikModel.section, references: [["dashboard", "password"]], takesFacts: true,
    sweep: { TraefikSweep(scope: $0) }
) { input, diagnostics in
    guard
        let model = TraefikModel(
            input.node, in: input.document, input.facts, &diagnostics,
            certificate: { node, diagnostics in input.certificate(node, &diagnostics) })
    else { return [] }
    let routes = ContainerRoute.all(in: input.document, input.facts, domain: model.domain)
    var hosts: [String: String] = [:]
    var routers: [String: String] = [:]
    if let host = model.dashboard?.host { hosts[host] = "its own dashboard" }
    for route in routes {
        for host in route.hosts {
            if let other = hosts.updateValue(route.container, forKey: host), other != route.container {
                diagnostics.error(
                    input.node.path, "\(other) and \(route.container) are both to be served as \(host)")
            }
        }
        for router in model.routerNames(of: route) {
            if let other = routers.updateValue(route.container, forKey: router), other != route.container {
                diagnostics.error(
                    input.node.path,
                    "\(other) and \(route.container) would both be \(router) to Traefik; rename one of the two containers"
                )
            }
        }
    }
    return [
        TraefikResource(
            id: input.id(model.directory), model: model, routes: model.routes == .file ? routes : [],
            mark: input.ownership(model.directory),
            adopts: input.node.given("adopt")?.flag(&diagnostics) ?? false)
    ]
}
