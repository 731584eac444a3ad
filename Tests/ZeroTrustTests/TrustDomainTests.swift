import Testing
import ZeroTrust

@Suite struct `Trust domain` {
    @Test func `is a name and has an ID`() throws {
        let domain = try TrustDomain("cluster.local")
        #expect("\(domain)" == "cluster.local")
        #expect("\(domain.id)" == "spiffe://cluster.local")
        #expect(domain.id.trustDomain == domain)
    }

    @Test func `is bare unless an ID is asked for`() throws {
        #expect(throws: SPIFFEIDError.self) { try TrustDomain("spiffe://cluster.local") }
        #expect(try TrustDomain(nameOrID: "spiffe://cluster.local/a").name == "cluster.local")
        #expect(try TrustDomain(nameOrID: "cluster.local").name == "cluster.local")
        #expect(throws: SPIFFEIDError.self) { try TrustDomain(nameOrID: "spiffe://cluster.local/a/") }
        #expect(throws: SPIFFEIDError.self) { try TrustDomain(nameOrID: "Cluster.Local") }
        #expect(try TrustDomain(normalizing: "Cluster.Local").name == "cluster.local")
        #expect(try TrustDomain(normalizing: "Spiffe://Cluster.Local/A").name == "cluster.local")
    }

    @Test(arguments: ["", "a/b", "a b", "a:b", "é", "a%62", "A", String(repeating: "a", count: 256)])
    func `is refused where it is anything else`(name: String) {
        #expect(throws: SPIFFEIDError.self) { try TrustDomain(name) }
    }
}
