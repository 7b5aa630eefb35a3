// Hosted zones as planning sees them, and the one thing that may be done to them.

/// Records of one name and type.
package struct DNSRecordSet: Sendable, Hashable {
    package var name: DNSName
    /// `A`, `TXT` …
    package var type: String
    /// Seconds.
    package var ttl: Int
    /// As Route 53 writes them: a TXT in quotation marks.
    package var values: [String]
    /// Why it isn't just these values (an alias, one of several by weight); nil: it is.
    package var peculiarity: String?

    package init(_ name: DNSName, _ type: String, ttl: Int, values: [String], peculiarity: String? = nil) {
        self.name = name
        self.type = type
        self.ttl = ttl
        self.values = values
        self.peculiarity = peculiarity
    }
}

package struct ZoneListing: Sendable, Equatable {
    /// The zone's own name.
    package var zone: DNSName
    package var sets: [DNSRecordSet]

    package init(zone: DNSName, sets: [DNSRecordSet]) {
        self.zone = zone
        self.sets = sets
    }
}

/// What came of asking for a zone's records.
package enum ZoneAnswer: Sendable, Equatable {
    case listed(ZoneListing)
    /// Not asked, or nobody to ask, in a dry run.
    case unasked
    /// There is no such zone.
    case missing(Failure)
    /// Whoever asks isn't allowed to.
    case denied(Failure)

    /// Nil: not asked.
    /// - Throws: `Failure` that names the zone.
    package var listing: ZoneListing? {
        get throws {
            switch self {
            case .listed(let listing): listing
            case .unasked: nil
            case .missing(let failure), .denied(let failure): throw failure
            }
        }
    }
}

package struct DNSProbe: Sendable {
    /// All record sets that lie where these names do, and maybe more.
    /// - Throws: `Failure` that names the zone.
    package var listing: @Sendable (_ zone: String, _ names: [DNSName]) async throws -> ZoneAnswer
    /// Which machine this is, in marks: the instance's id, elsewhere than on EC2 something as lasting.
    package var instance: @Sendable () async throws -> String

    package init(
        listing: @escaping @Sendable (_ zone: String, _ names: [DNSName]) async throws -> ZoneAnswer,
        instance: @escaping @Sendable () async throws -> String
    ) {
        self.listing = listing
        self.instance = instance
    }

    package static let none = DNSProbe(
        listing: { _, _ in throw refusal }, instance: { throw refusal })

    /// An image has no address yet.
    package static let refusal = Failure(
        .refused,
        "records are made by the machine that they lead to, not in another root; leave the section to its boot")
}

/// Changes of one zone, in batches that are done whole or not at all, one after the other.
package struct DNSChange: Sendable, Equatable {
    package struct Edit: Sendable, Hashable {
        package enum Action: String, Sendable {
            /// Refused where there is one already.
            case create = "CREATE"
            /// Refused where it isn't exactly that.
            case delete = "DELETE"
        }

        package var action: Action
        package var set: DNSRecordSet

        package init(_ action: Action, _ set: DNSRecordSet) {
            self.action = action
            self.set = set
        }
    }

    package var zone: String
    package var batches: [[Edit]]
    /// Whether it is to be on all servers before anything goes on.
    package var isWaitedFor: Bool
    /// What else can be done where it isn't allowed, behind "or".
    package var wayOut: String?

    package init(zone: String, batches: [[Edit]], isWaitedFor: Bool = true, wayOut: String? = nil) {
        self.zone = zone
        self.batches = batches
        self.isWaitedFor = isWaitedFor
        self.wayOut = wayOut
    }
}
