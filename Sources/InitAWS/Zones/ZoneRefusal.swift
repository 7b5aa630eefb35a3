// Route 53's no, with what it means for whoever asked about a hosted zone.

struct ZoneRefusal: Error {
    private static let noSuchZone = "NoSuchHostedZone"

    let text: String
    let isDenied: Bool
    let isZoneMissing: Bool

    init(_ error: ServiceError, _ zone: String, _ action: String, _ partition: String) {
        isDenied = error.isDenied
        isZoneMissing = error.code == Self.noSuchZone
        let told = "hosted zone \(zone): \(error.text)"
        text =
            if error.isDenied {
                Self.denied(told, zone, action, partition)
            } else if error.code == Self.noSuchZone {
                "\(told); is it of another account, or removed? aws route53 list-hosted-zones tells those that are there"
            } else {
                told
            }
    }

    private static func denied(_ told: String, _ zone: String, _ action: String, _ partition: String) -> String {
        var (before, resource, conditions) = ("", "hostedzone/\(zone)", "")
        switch action {
        case "GetChange":
            before = "the records are made, but whether they are everywhere can't be asked: "
            resource = "change/*"
        case "ChangeResourceRecordSets":
            conditions = " (and its conditions must allow these names, and _ide-init.NAME, in lower case)"
        default: break
        }
        return
            "\(before)\(told); the credentials in use need route53:\(action) on arn:\(partition):route53:::\(resource)\(conditions)"
    }
}
