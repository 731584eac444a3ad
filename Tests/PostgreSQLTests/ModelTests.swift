import DataAccess
import Resources
import Testing

/// What a database enforces of an estate.
@Suite(.timeLimit(.minutes(5))) struct ModelTests {
    /// An estate of two databases with purposes below one another and names that are hard on PostgreSQL.
    static func yaml(stores: [String] = []) -> String {
        """
        apiVersion: lapwing.dev/v1alpha1
        kind: Estate
        metadata: {name: clinic, trustDomain: clinic.example}
        purposes:
          care: {below: [triage, statistics]}
          triage: {}
          statistics: {}
          billing: {}
        classifications: [open, internal, medical]
        components:
          ward-1: {identity: {k8s: ward/ward}, purpose: care, maxClassification: medical}
          ward_1: {identity: {spiffe: spiffe://clinic.example/host/ward}, purpose: triage, maxClassification: medical}
          statistics: {identity: {k8s: science/statistics}, purpose: statistics, maxClassification: internal}
          cashier: {identity: {k8s: office/cashier}, purpose: billing, maxClassification: internal}
          a-component-with-a-name-that-is-as-long-as-kubernetes-allows: {identity: {k8s: science/long}, purpose: care, maxClassification: open}
        datasets:
          patients:
            producer: ward-1
            classification: medical
            purposes: [care]
            stores: [{postgres: {db: clinic, table: ward.patients, columnsFor: {triage: [id, urgency]}}}]
          visits:
            producer: ward-1
            classification: internal
            purposes: [care, billing]
            stores: [{postgres: {db: clinic, table: ward.visits, mode: append}}]
          invoices:
            producer: cashier
            classification: internal
            purposes: [billing]
            stores: [\(stores.first ?? "{postgres: {db: ledger, table: books.invoices}}")]
          tariffs:
            producer: a-component-with-a-name-that-is-as-long-as-kubernetes-allows
            classification: open
            purposes: [billing, care]
            stores: [\(stores.last ?? "{postgres: {db: ledger, table: books.tariffs}}")]
        """
    }

    @Test func `roles, subjects and databases`() throws {
        let estate = try ReferenceEstate.estate(Self.yaml())
        let clinic = try PostgreSQLModel(estate, database: "clinic")
        let ledger = try PostgreSQLModel(estate, database: "ledger")
        let names = Dictionary((clinic.components + ledger.components).map { ($0.name, $0) }) { first, _ in first }
        let wards = [names["ward-1"]?.role, names["ward_1"]?.role].compactMap(\.self)
        #expect(Set(wards).count == 2 && wards.allSatisfy { $0.hasPrefix("c_ward_1_") })
        #expect(names["statistics"]?.subject == "CN=c_statistics,OU=science,O=clinic.example")
        #expect(names["ward_1"]?.subject.hasSuffix(",O=clinic.example") == true)
        let long = try #require(names["a-component-with-a-name-that-is-as-long-as-kubernetes-allows"])
        #expect(long.role.utf8.count == 48)
        #expect(ledger.siblings.map(\.database) == ["clinic"] && clinic.siblings.map(\.database) == ["ledger"])
        // The files are one for the whole server.
        #expect(clinic.hostRules == ledger.hostRules && clinic.nameMaps == ledger.nameMaps)
        let error = #expect(throws: PostgreSQLModelError.self) { try PostgreSQLModel(estate, database: "other") }
        #expect(error?.code == .notFound && error?.message.contains("`clinic`, `ledger`") == true)
    }

    @Test func `purposes below others, columns, modes and classifications`() throws {
        let clinic = try PostgreSQLModel(try ReferenceEstate.estate(Self.yaml()), database: "clinic")
        let patients = try #require(clinic.tables.first { $0.name == "patients" })
        let triage = try #require(clinic.components.first { $0.name == "ward_1" }).role
        let ward = try #require(clinic.components.first { $0.name == "ward-1" }).role
        // Statistics stands below care, and may not read what is medical.
        #expect(Set(patients.reads.map(\.role)) == [ward, triage])
        #expect(patients.reads.first { $0.role == triage }?.columns == ["id", "urgency"])
        #expect(patients.reads.first { $0.role == ward }?.columns == nil)
        let visits = try #require(clinic.tables.first { $0.name == "visits" })
        #expect(Set(visits.reads.map(\.role)) == [ward, triage, "c_statistics", "c_cashier"])
        #expect(visits.writes == [PostgreSQLModel.Write(role: ward, isFull: false)])
    }

    @Test func `a shared table carries labels, and says what grants cannot tell apart`() throws {
        let shared = "{postgres: {db: ledger, table: books.all, shared: true}}"
        let model = try PostgreSQLModel(try ReferenceEstate.estate(Self.yaml(stores: [shared])), database: "ledger")
        let table = try #require(model.tables.first)
        #expect(model.tables.count == 1 && table.shared.map(\.name) == ["invoices", "tariffs"])
        #expect(table.shared.first?.classifications == ["internal", "medical"])
        #expect(table.shared.last?.purposes == ["billing", "care", "statistics", "triage"])
        let triage = try #require(model.components.first { $0.name == "ward_1" }).role
        let rows = table.reads.first { $0.role == triage }?.rows
        #expect(rows?.datasets == ["tariffs"] && rows?.purposes == ["care", "triage"])
        #expect(rows?.classifications == ["open", "internal", "medical"])
        // A table is shared by all of its datasets or by none.
        let alone = "{postgres: {db: ledger, table: books.all}}"
        for stores in [[alone], [shared, alone]] {
            let error = #expect(throws: ResourceError.self) { try ReferenceEstate.estate(Self.yaml(stores: stores)) }
            #expect(error?.description.contains("`shared: true` for both") == true, "\(error?.description ?? "")")
        }
        // Only some columns of one dataset, and all of another.
        let columns = "{postgres: {db: ledger, table: books.all, shared: true, columnsFor: {billing: [id]}}}"
        let yaml = Self.yaml(stores: [shared, columns])
        let error = #expect(throws: PostgreSQLModelError.self) {
            try PostgreSQLModel(try ReferenceEstate.estate(yaml), database: "ledger")
        }
        #expect(error?.code == .notEnforceable && error?.message.contains("`cashier`") == true)
    }
}
