import DataAccess
import Foundation
import Logging
import PostgreSQLClient
import SPIFFE
import Storage
import SwiftASN1
import TestPostgreSQL
import Testing
import WorkloadIdentity
import X509
import ZeroTrust

/// SVIDs of our own authority open what the estate gives their component, and nothing else.
@Suite(.serialized, .enabled(if: PostgreSQLCluster.isInstalled), .timeLimit(.minutes(5)))
struct AuthorityTests {
    @Test func `our authority's SVID with the planned subject is the component`() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("lapwing-\(UUID()).sqlite")
        defer { try? FileManager.default.removeItem(at: file) }
        let authority = Authority(
            .init(trustDomain: try TrustDomain("cluster.local")),
            store: SQLiteAuthorityStore(try SQLiteDatabase(path: file.path)),
            keys: MemoryKeyStore(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        try await authority.maintain()
        let model = try ReferenceEstate.model()
        let training = try #require(model.components.first { $0.role == "c_training" })
        func svid(_ id: String, names: [String] = []) throws -> X509SVID {
            let request = SVIDRequest(
                id: try SPIFFEID(id),
                dnsNames: names,
                subject: try CertificateSubject(training.subject)
            )
            let issued = try authority.issue(request)
            return try X509SVID(chainDER: issued.chain, keyPKCS8: issued.privateKey.value)
        }
        let roots = try authority.bundle.authorities.map { try $0.serializeAsPEM().pemString }.joined(separator: "\n")
        let cluster = try PostgreSQLCluster(hostRules: model.hostRules, nameMaps: model.nameMaps, trusting: roots)
        defer { cluster.stop() }
        try cluster.prepare(model, ReferenceEstate.tables)
        for (name, svid, count) in [
            ("own", try svid(training.spiffeID), 300),
            ("other", try svid("spiffe://cluster.local/ns/ml-inference/sa/inference-service"), 0),
            // All names count: one that nobody planned is not passed over.
            ("named", try svid(training.spiffeID, names: ["training.example"]), 0),
        ] {
            try cluster.keep(svid.chainPEM, svid.keyPEM.value, as: name)
            let connection = try PostgreSQLConnection(cluster.parameters("c_training", "ml", certificate: name))
            #expect(try connection.query("SELECT id FROM lake.records").count == count, "\(name)")
        }
    }
}
