/// What a chain of certificates says of itself, once it has been found to be in order and to belong to its key.
package struct CertificateReport: Sendable, Equatable {
    /// Whom the first one is for: its alternative names, else its common name.
    package var names: [String]
    package var issuer: String
    package var notBefore: UTCTime
    package var notAfter: UTCTime
    /// By the host's clock.
    package var now: UTCTime

    package init(names: [String], issuer: String, notBefore: UTCTime, notAfter: UTCTime, now: UTCTime) {
        self.names = names
        self.issuer = issuer
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.now = now
    }

    /// Below zero: expired.
    package var secondsLeft: Double { notAfter.secondsSince1970 - now.secondsSince1970 }
    package var secondsUntilValid: Double { notBefore.secondsSince1970 - now.secondsSince1970 }
}
