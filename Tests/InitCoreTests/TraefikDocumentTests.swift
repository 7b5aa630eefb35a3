import InitCore
import Testing

/// Mistakes in `certificates` and `traefik`, each with its path and what would be right.
@Suite struct TraefikDocumentTests {
    private func errors(_ sections: String) throws -> [String] {
        try document(init: "{\"config\": {\(sections)}}").errors
    }

    private static let code = "\"code.example.com\": {\"certificate\": \"ssm:///c\", \"privateKey\": \"ssm:///k\"}"

    @Test(
        "certificates",
        arguments: [
            ("{\"a\": {\"acme\": {}}}", "config.certificates.a.acme: certificates can't be ordered by ACME yet"),
            ("{\"a\": {\"certificate\": \"ssm:///c\"}}", "config.certificates.a: it has no “privateKey”"),
            (
                "{\"a\": {\"certificate\": [], \"privateKey\": \"ssm:///k\"}}",
                "config.certificates.a.certificate: the list is empty"
            ),
            (
                "{\"a\": {\"certificate\": \"ssm://c\", \"privateKey\": \"ssm:///k\"}}",
                "config.certificates.a.certificate: “ssm://c” has two slashes"
            ),
            (
                "{\"a\": {\"certificate\": \"ssm:///c\", \"privateKey\": \"ssm:///k\", \"certificatPath\": \"/x\"}}",
                "config.certificates.a.certificatPath: this key isn't known here; did you mean “certificatePath”?"
            ),
            (
                "{\"a/b\": {\"certificate\": \"ssm:///c\", \"privateKey\": \"ssm:///k\"}}",
                "config.certificates.a/b: “a/b” can't be the name of a directory"
            ),
            (
                "{\"a\": {\"certificate\": \"ssm:///c\", \"privateKey\": \"ssm:///k\", \"certificatePath\": \"/x\", \"privateKeyPath\": \"/x\"}}",
                "config.certificates.a: certificate and private key would both lie at /x"
            ),
            (
                "{\"a\": {\"certificate\": \"ssm:///c\", \"privateKey\": \"ssm:///k\", \"certificatePath\": \"x.pem\"}}",
                "config.certificates.a.certificatePath: “x.pem” is no absolute path"
            ),
            (
                "{\"a\": {\"certificate\": \"ssm:///c\", \"privateKey\": \"ssm:///k\", \"privateKeyPath\": \"/k\"}, \"b\": {\"certificate\": \"ssm:///c\", \"privateKey\": \"ssm:///k\", \"privateKeyPath\": \"/k\"}}",
                "config.certificates.b: /k is already the place of “a”"
            ),
        ])
    func certificates(section: String, message: String) throws {
        let found = try errors("\"certificates\": \(section)")
        #expect(found.contains { $0.hasPrefix(message) }, "\(found)")
    }

    @Test(
        "traefik",
        arguments: [
            (
                "{\"version\": 4}",
                "config.traefik.version: “4” is no known version of Traefik; known: 1 (which is 1.7), 2, 3"
            ),
            (
                "{\"entryPoint\": {}}",
                "config.traefik.entryPoint: this key isn't known here; did you mean “entryPoints”?"
            ),
            ("{\"entryPoints\": {\"web\": \":80\"}}", "config.traefik.entryPoints.web: this key isn't known here"),
            (
                "{\"entryPoints\": {\"http\": \":eighty\"}}",
                "config.traefik.entryPoints.http: “:eighty” is no address to listen on"
            ),
            (
                "{\"entryPoints\": {\"http\": \":80\", \"https\": \"80\"}}",
                "config.traefik.entryPoints.https: :80 is already the address of http"
            ),
            (
                "{\"entryPoints\": {\"dashboard\": \":8090\"}}",
                "config.traefik.entryPoints: an entry point “http” or “https” is wanted"
            ),
            (
                "{\"entryPoints\": {\"http\": \":80\", \"dashboard\": \":8090\"}}",
                "config.traefik.entryPoints.dashboard: who may see the dashboard isn't said"
            ),
            (
                "{\"redirectToHTTPS\": true}",
                "config.traefik.redirectToHTTPS: to redirect, the entry points “http” and “https” are both wanted"
            ),
            (
                "{\"certificates\": [\"code.exmple.com\"]}",
                "config.traefik.certificates[0]: there is no certificate “code.exmple.com” among the document's “certificates”; did you mean “code.example.com”?; known: code.example.com"
            ),
            (
                "{\"certificates\": [\"code.example.com\"], \"entryPoints\": {\"http\": \":80\"}}",
                "config.traefik: there are certificates, and no entry point “https”"
            ),
            ("{\"dashboard\": {\"user\": \"admin\"}}", "config.traefik.dashboard: it has no “password”"),
            (
                "{\"dashboard\": {\"user\": \"a:b\", \"password\": \"x\"}}",
                "config.traefik.dashboard.user: “a:b” can't be a user's name here"
            ),
            (
                "{\"dashboard\": {\"user\": \"admin\", \"password\": \"x\"}}",
                "config.traefik.dashboard: the dashboard wants an entry point “dashboard”"
            ),
            (
                "{\"version\": 1, \"dashboard\": {\"user\": \"admin\", \"password\": \"x\", \"host\": \"m.example.com\"}}",
                "config.traefik.dashboard.host: Traefik 1.7 serves its dashboard"
            ),
            ("{\"directory\": \"traefik\"}", "config.traefik.directory: “traefik” is no absolute path of a directory"),
            (
                "{\"routes\": \"lables\"}",
                "config.traefik.routes: “lables” is no way to tell Traefik of containers; did you mean “labels”?"
            ),
            ("{\"domain\": \"code.example.com`\"}", "config.traefik.domain: “code.example.com`” is no name of a host"),
            ("{\"domain\": \"ssm:///domain\"}", "config.traefik.domain: a reference stands here"),
            ("{\"count\": 2}", "config.traefik: there is one Traefik"),
            ("{\"bcryptCost\": 31}", "config.traefik.bcryptCost: “31” stands here; a whole number from 4 to 16"),
        ])
    func traefik(section: String, message: String) throws {
        let found = try errors("\"certificates\": {\(Self.code)}, \"traefik\": \(section)")
        #expect(found.contains { $0.hasPrefix(message) }, "\(found)")
    }

    @Test(
        "Two containers that would be one to Traefik",
        arguments: [
            (#"{"entryPoints": {"http": ":80", "https": ":443"}, "redirectToHTTPS": false}"#, "dev-plain", "dev-plain"),
            (#"{"entryPoints": {"http": ":80"}, "routes": "labels"}"#, "dev.a", "dev-a"),
            (#"{"entryPoints": {"http": ":80", "https": ":443"}, "redirectToHTTPS": true}"#, "dev-plain", nil),
            (#"{"entryPoints": {"http": ":80"}}"#, "dev.a", nil),
            (#"{"version": 1, "entryPoints": {"http": ":80", "https": ":443"}}"#, "dev-plain", nil),
        ])
    func routers(traefik: String, other: String, shared: String?) throws {
        let containers = ["dev", "dev-a", other].map {
            #""\#($0)": {"image": "ide:1", "route": {"host": "\#($0.replacing(".", with: "x")).example.com"}}"#
        }
        let found = try errors(#""traefik": \#(traefik), "containers": {\#(containers.joined(separator: ", "))}"#)
        #expect(found.count == (shared == nil ? 0 : 1), "\(found)")
        if let shared { #expect(found.first?.contains("would both be \(shared) to Traefik") == true, "\(found)") }
    }

    @Test("What is doubtful is a warning")
    func warnings() throws {
        let document = try document(
            init: """
                {"config": {"traefik": {"entryPoints": {"http": ":80", "https": ":443", "dashboard": ":8090"},
                    "dashboard": {"user": "admin", "password": "ssm:///d"}}}}
                """)
        #expect(document.errors == [])
        #expect(document.warnings.contains { $0.contains("has no certificate, so Traefik makes one up") })
        #expect(document.warnings.contains { $0.contains("crosses the network in clear") })
    }

    @Test("Two configs that put one certificate in different places leave it open which is meant")
    func ambiguous() throws {
        let places = ["a", "b"].map { name in
            "\"\(name)\": {\"certificates\": {\"x\": {\"certificate\": \"ssm:///c\", \"privateKey\": \"ssm:///k\", \"certificatePath\": \"/\(name).pem\"}}}"
        }
        let text = "{\(places.joined(separator: ", ")), \"config\": {\"traefik\": {\"certificates\": \"x\"}}}"
        let found = try document(init: text).errors
        #expect(found.contains { $0.contains("a and b put the certificate “x” in different places") }, "\(found)")
    }
}
