// A document with a secret on every path by which one can come, and where each of them may lie afterwards.

import Foundation
import InitCore
import TestSupport

struct CanaryDocument {
    let canaries = Canaries()
    private(set) var files: [String: [String: Any]] = [:]
    /// Which canaries a file may hold.
    private(set) var holders: Set<Canaries.Trace> = []
    private(set) var authentication: [String: Any] = [:]
    /// What commands get in their environment, under the names A, B, C …
    private(set) var variables: [String: String] = [:]
    let waitCondition: String

    /// Puts what it speaks of where it belongs.
    init(_ standIn: StandIn) async throws {
        let signal = try await standIn.set("wait-conditions", #"{"name": "canary"}"#)["url"]?.plainText ?? ""
        waitCondition = signal
        canaries.add(Canary("wait condition", core: String(signal.suffix(24))))
        try await parameters(standIn)
        try await secrets(standIn)
        try await downloads(standIn)
        literals()
    }

    private mutating func hold(_ path: String, _ attributes: [String: Any], _ names: String...) {
        files["/srv/k/" + path] = ["mode": "000600"].merging(attributes) { $1 }
        for name in names { holders.insert(Canaries.Trace(canary: name, file: "/srv/k/" + path)) }
    }

    private mutating func parameters(_ standIn: StandIn) async throws {
        // What each of the forms has to escape.
        let string = canaries("String") { "é \"\($0)\" \\ <&>" }
        let secure = canaries("SecureString") { "\($0)/+=%" }
        let list = canaries("StringList") { "one,\($0),three" }
        let context = canaries("context")
        try await standIn.set(
            "parameters",
            json([
                ["name": "/canary/string", "value": string, "type": "String"],
                ["name": "/canary/secure", "value": secure, "type": "SecureString"],
                ["name": "/canary/list", "value": list, "type": "StringList"],
                ["name": "/canary/context", "value": context, "type": "SecureString"],
            ]))
        hold("string", ["content": "ssm:///canary/string"], "String")
        hold("secure", ["content": "a {{resolve:ssm-secure:/canary/secure}} b", "mode": "000644"], "SecureString")
        hold("list", ["content": "{{resolve:ssm:/canary/list}}"], "StringList")
        hold("context", ["content": "for {{who}}", "context": ["who": "ssm:///canary/context"]], "context")
        variables["A"] = "ssm:///canary/string"
        variables["B"] = "user:{{resolve:ssm-secure:/canary/secure}}@host"
    }

    private mutating func secrets(_ standIn: StandIn) async throws {
        let whole = canaries("whole secret")
        let key = canaries("JSON key"), beside = canaries("beside the JSON key")
        let old = canaries("old stage"), new = canaries("new stage")
        let pem = pem("PEM secret")
        let versioned = try await standIn.set("secrets", json([["name": "canary/stages", "value": old]]))
        let version = versioned.items.first?["versionId"]?.plainText ?? ""
        try await standIn.set(
            "secrets",
            json([
                [
                    "name": "canary/whole",
                    "value": ["of": whole, "padding": String(repeating: "0123456789 ", count: 12)],
                ],
                ["name": "canary/json", "value": ["pass": key, "other": beside]],
                ["name": "canary/stages", "value": new], ["name": "canary/pem", "value": pem],
            ]))
        hold("whole", ["content": "secretsmanager://canary/whole"], "whole secret")
        hold("key", ["content": ["password": "secretsmanager://canary/json#pass"]], "JSON key")
        hold("stage", ["content": "secretsmanager://canary/stages?stage=AWSPREVIOUS"], "old stage")
        hold("version", ["content": "{{resolve:secretsmanager:canary/stages:SecretString:::\(version)}}"], "old stage")
        hold("pem", ["content": "secretsmanager://canary/pem"], "PEM secret 0", "PEM secret 1", "PEM secret 2")
        variables["C"] = "secretsmanager://canary/json#pass"
        variables["D"] = "secretsmanager://canary/pem"
        // Longer than the lines of base64(1).
        variables["F"] = "secretsmanager://canary/whole"
        variables["E"] = "secretsmanager://canary/stages"
    }

    private mutating func downloads(_ standIn: StandIn) async throws {
        let key = canaries("key id"), secret = canaries("secret key")
        try await standIn.set("credentials", json(["add": ["key": key, "secret": secret]]))
        try await standIn.set(
            "objects",
            json([
                ["bucket": "canary-bucket", "key": "object", "body": canaries("object")],
                ["bucket": "canary-bucket", "key": "source", "body": canaries("object as source")],
                ["bucket": "canary-keys", "key": "source", "body": "by keys"],
            ]))
        let basic = canaries("basic password") { "\($0):/@?" }, url = canaries("password in a URL")
        try await standIn.set(
            "pages",
            json([
                ["path": "/basic", "body": "by password", "basic": "user:\(basic)"],
                ["path": "/url", "body": "by URL", "basic": "user:\(url)"],
            ]))
        authentication = [
            "keys": ["type": "S3", "accessKeyId": key, "secretKey": secret, "buckets": ["canary-keys"]]
                as [String: Any],
            "basic": ["type": "basic", "username": "user", "password": basic, "uris": ["https://localhost/basic"]],
        ]
        hold("object", ["content": "s3://canary-bucket/object"], "object")
        hold("source", ["source": "s3://canary-bucket/source"], "object as source")
        hold("keys", ["source": "s3://canary-keys/source"])
        hold("basic", ["source": "https://localhost/basic"])
        hold("url", ["source": "https://user:\(url)@localhost/url"])
        files["/srv/lost"] = ["source": "https://user:\(url)@localhost/lost"]
    }

    private mutating func literals() {
        hold("literal", ["content": canaries("literal") { "first\n\($0)\n" }], "literal")
        hold(
            "base64", ["content": Data(canaries("base64").utf8).base64EncodedString(), "encoding": "base64"], "base64")
        hold("key.pem", ["content": pem("PEM"), "mode": "000644"], "PEM 0", "PEM 1", "PEM 2")
        let map: [String: Any] = ["user": "u", "password": canaries("password in JSON")]
        hold("json", ["content": map, "mode": "000644"], "password in JSON")
        variables["DB_PASSWORD"] = canaries("password of a variable")
        variables["API_TOKEN"] = canaries("token of a variable") { "\($0)\"\\" }
    }

    /// A private key as it looks, each of its lines with a canary.
    private func pem(_ name: String) -> String {
        let lines = (0..<3).map { line in
            canaries("\(name) \(line)") {
                $0 + String((0..<40).map { _ in "abcdefghijklmnopqrstuvwxyz".randomElement() ?? "x" })
            }
        }
        return (["-----BEGIN PRIVATE KEY-----"] + lines + ["-----END PRIVATE KEY-----", ""]).joined(separator: "\n")
    }
}
