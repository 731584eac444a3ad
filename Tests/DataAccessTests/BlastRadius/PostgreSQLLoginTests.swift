import Testing

@testable import DataAccess

@Suite("As whom a certificate logs in")
struct PostgreSQLLoginTests {
    private static let subject = "CN=c_training,OU=ml-training,O=cluster.local"

    private static func verdict(
        _ rules: String,
        _ maps: String = "",
        as role: String = "c_training",
        hasPassword: Bool = false
    ) -> BlastVerdict.Answer {
        let catalog = PostgreSQLCatalog(
            state: PostgreSQLState(),
            hostRules: PostgreSQLHostFile.rules(rules),
            nameMaps: PostgreSQLHostFile.maps(maps)
        )
        return PostgreSQLLogin(catalog, database: "ml", certificate: subject).verdict(
            as: role,
            hasPassword: hasPassword
        ).answer
    }

    private static let map = "lapwing \"\(subject)\" \"c_training\""
    private static let own = "hostssl \"ml\" \"c_training\" all cert clientname=DN map=lapwing"

    @Test(
        "is decided by the first rules that can fit",
        arguments: [
            (own, "c_training", .allows), (own, "c_ingest", .denies),
            ("hostssl ml c_ingest all cert clientname=DN map=lapwing", "c_ingest", .denies),
            ("# a word\n\nhost all all all reject\n\(own)", "c_training", .denies),
            ("host all all 10.0.0.0/8 reject\n\(own)", "c_training", .allows),
            ("host all all all trust", "c_ingest", .allows), ("hostnossl all all all trust", "c_ingest", .allows),
            ("host all all all trust clientcert=verify-ca", "c_ingest", .allows),
            ("host other all all trust", "c_ingest", .denies), ("local all all trust", "c_ingest", .denies),
            ("host all all all scram-sha-256", "c_ingest", .denies), ("host all all all ldap", "c_ingest", .undecided),
            ("host all +admins all trust", "c_ingest", .allows), ("", "c_training", .denies),
            ("hostssl ml \"all\",\"c_training\" all cert map=lapwing", "c_training", .allows),
            ("hostssl ml all all cert", "c_training", .allows), ("hostssl ml all all cert", "c_ingest", .denies),
        ] as [(String, String, BlastVerdict.Answer)]
    )
    func rules(_ rules: String, _ role: String, _ expected: BlastVerdict.Answer) {
        #expect(Self.verdict(rules, Self.map, as: role) == expected)
    }

    @Test("hangs on the map, on a password and on what is visible")
    func rest() {
        #expect(Self.verdict(Self.own) == .denies)
        #expect(
            Self.verdict("hostssl ml all all cert map=lapwing", "lapwing \(Self.subject) all", as: "c_ingest")
                == .allows
        )
        #expect(
            Self.verdict("hostssl ml all all cert map=lapwing", "lapwing /^CN c_ingest", as: "c_ingest") == .undecided
        )
        // The common name is compared, unless the rule asks for the whole subject.
        let common = "lapwing c_training c_training"
        #expect(Self.verdict("hostssl ml all all cert map=lapwing", common) == .allows)
        #expect(Self.verdict("hostssl ml all all cert clientname=DN map=lapwing", common) == .denies)
        #expect(Self.verdict("host all all all md5", as: "c_ingest", hasPassword: true) == .undecided)
        let unseen = PostgreSQLCatalog(state: PostgreSQLState(), hostRules: nil, nameMaps: nil)
        let login = PostgreSQLLogin(unseen, database: "ml", certificate: Self.subject)
        #expect(login.verdict(as: "c_training", hasPassword: false).answer == .undecided)
        let stranger = PostgreSQLCatalog(
            state: PostgreSQLState(),
            hostRules: PostgreSQLHostFile.rules(Self.own),
            nameMaps: PostgreSQLHostFile.maps(Self.map)
        )
        let without = PostgreSQLLogin(stranger, database: "ml", certificate: nil)
        #expect(without.verdict(as: "c_training", hasPassword: false).answer == .denies)
    }
}
