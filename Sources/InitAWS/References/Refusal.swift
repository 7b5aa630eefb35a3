// What a service's no means for who asked, and what would turn it into a yes.

import InitCore

enum Refusal {
    static func missingParameter(_ item: ReferencedItem, region: String) -> Failure {
        guard case .parameter(_, let version?) = item else {
            return Failure(
                .network,
                "there is no such parameter in \(region); put it there, or name another region's by its ARN")
        }
        return Failure(.network, "there is no such parameter in \(region), or no version \(version) of it")
    }

    static func failure(_ error: ServiceError, _ item: ReferencedItem, region: String) -> Failure {
        Failure(.network, error.text + advice(error, item, region: region))
    }

    /// What to do next, after a semicolon; nothing where the service's own words say it.
    static func advice(_ error: ServiceError, _ item: ReferencedItem, region: String) -> String {
        if let permission = permission(error, item, region: region) {
            return "; the credentials in use need \(permission)"
        }
        switch (error.code, item) {
        case ("ResourceNotFoundException", .secret(_, let stage, let version)):
            let what = stage.map { "no stage \($0) of it" } ?? version.map { "no version \($0) of it" }
            return "; looked for in \(region)" + (what.map { ": there is none of that name, or \($0)" } ?? "")
                + ". Another region's is named by its ARN"
        case ("NoSuchBucket", _), ("NoSuchKey", _), ("NoSuchVersion", _):
            return "; put the object there, or mend the reference"
        case ("InvalidRequestException", _) where error.message.contains("deletion"):
            return "; restore it (aws secretsmanager restore-secret), or name another"
        case ("InvalidKeyId", _): return "; its KMS key is gone, or none of \(region)"
        default: return ""
        }
    }

    /// By name, where that is what lacks.
    private static func permission(_ error: ServiceError, _ item: ReferencedItem, region: String) -> String? {
        // Secrets Manager and S3 name the service, Parameter Store the ciphertext.
        let isAboutKey = ["KMS", "kms:", "ciphertext"].contains { error.message.contains($0) }
        if isAboutKey, error.isDenied || error.code == "DecryptionFailure" || error.code == "KMSAccessDeniedException" {
            return "kms:Decrypt on the key that encrypts it"
        }
        guard error.isDenied else { return nil }
        let partition = partition(of: region)
        switch item {
        case .parameter(let name, _):
            let arn = ARN(name).map { _ in name }
            let path = name.hasPrefix("/") ? name : "/\(name)"
            return "ssm:GetParameters on \(arn ?? "arn:\(partition):ssm:\(region):*:parameter\(path)")"
        case .secret(let id, _, _):
            let arn = ARN(id).map { _ in id }
            return
                "secretsmanager:GetSecretValue on \(arn ?? "arn:\(partition):secretsmanager:\(region):*:secret:\(id)-*")"
        case .object(let bucket, let key, let version):
            return "s3:\(version == nil ? "GetObject" : "GetObjectVersion") on arn:\(partition):s3:::\(bucket)/\(key)"
                + " (S3 says the same of an object that isn't there to whom s3:ListBucket isn't allowed)"
        }
    }

    static func partition(of region: String) -> String {
        let named = [
            ("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("eusc-", "aws-eusc"), ("us-iso-", "aws-iso"),
            ("us-isob-", "aws-iso-b"), ("eu-isoe-", "aws-iso-e"), ("us-isof-", "aws-iso-f"),
        ]
        return named.first { region.hasPrefix($0.0) }?.1 ?? "aws"
    }
}
