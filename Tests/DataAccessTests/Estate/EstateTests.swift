import DataAccess
import Resources
import Testing
import ZeroTrust

@Suite("An estate")
struct EstateTests {
    @Test("is read with everything in it")
    func reads() throws {
        let estate = try EstateExample.load()
        #expect(estate.name == "shop")
        #expect(estate.components.map(\.name) == ["front", "scorer", "trainer", "cleaner", "intake"])
        #expect(estate.component("trainer")?.identity.spiffeID.description == "spiffe://shop.example/ns/ml/sa/trainer")
        #expect(estate.component("intake")?.identity.spiffeID.description == "spiffe://shop.example/vm/intake")
        #expect(estate.datasets.count == 4 && estate.invariants.count == 6)
        #expect(estate.dataset("weights")?.isSigned == true)
        #expect(estate.enforcement.aws?.account == "123456789012")
        #expect(estate.warnings.isEmpty)
    }

    @Test("allows what it declares and nothing else")
    func accesses() throws {
        let estate = try EstateExample.load()
        let data = estate.accesses.compactMap { access in
            access.resource.dataset.map {
                "\(access.component) \(access.verb.rawValue) \($0) \(access.layer.rawValue)"
                    + (access.condition.isDerivation ? " to derive" : "")
                    + (access.condition.columns.map { " [\($0.joined(separator: " "))]" } ?? "")
            }
        }
        #expect(
            data
                == [
                    "scorer read weights s3", "scorer read scores postgres", "scorer append scores postgres",
                    "trainer read examples s3", "trainer read weights s3", "trainer write weights s3",
                    "cleaner read orders s3 to derive", "cleaner read orders postgres to derive [id amount]",
                    "cleaner read examples s3", "cleaner write examples s3", "cleaner read weights s3",
                    "intake read orders s3", "intake write orders s3", "intake read orders postgres",
                    "intake write orders postgres",
                ].filter { $0 != "cleaner read weights s3" }
        )
        #expect(estate.accesses.filter { $0.layer == .network }.map(\.verb) == [.call, .reach])
    }

    @Test("that is wrong says what, where, and what to write", arguments: Mistake.all)
    func refuses(_ mistake: Mistake) throws {
        let yaml = EstateExample.yaml.replacing(mistake.text, with: mistake.replacement)
        #expect(yaml != EstateExample.yaml)
        let error = #expect(throws: ResourceError.self) { try EstateExample.load(yaml) }
        let text = error?.description ?? ""
        #expect(text.contains(mistake.message) && text.contains("estate.yaml:\(mistake.line)"), "\(text)")
    }

    @Test("opens a dataset to what stands below its purposes, and not above")
    func lattice() throws {
        let lattice = try #require(PurposeLattice(names: ["a", "b", "c"], below: ["a": ["b"], "b": ["c"]]))
        #expect(lattice.allows("c", for: ["a"]) && lattice.allows("a", for: ["a"]))
        #expect(!lattice.allows("a", for: ["b", "c"]))
        #expect(PurposeLattice(names: ["a", "b"], below: ["a": ["b"], "b": ["a"]]) == nil)
    }

    @Test("has each name of a role once, whatever accounts they are in")
    func roleNames() throws {
        let twice = EstateExample.yaml.replacing("{role: intake, account", with: "{role: Trainer, account")
        #expect(throws: (any Error).self) { try EstateExample.load(twice) }
    }

    @Test("shows what stands below a purpose no more columns than that purpose")
    func columnsBelow() throws {
        let yaml = EstateExample.yaml.replacing(
            "purpose: training, maxClassification: internal",
            with: "purpose: training, maxClassification: secret"
        )
        let access = try EstateExample.load(yaml).accesses.first {
            $0.component == "trainer" && $0.resource.dataset == "orders" && $0.layer == .postgres
        }
        #expect(access?.condition.columns == ["id", "amount"])
    }

    @Test("warns where a purpose is open for nobody")
    func warns() throws {
        let yaml = EstateExample.yaml.replacing("purposes: [serving, training]", with: "purposes: [serving, intake]")
            .replacing("purposes: [research], stores", with: "purposes: [research, serving], stores")
            .replacing("cleaner, classification: internal", with: "cleaner, classification: secret")
            .replacing("trainedOn: [examples]", with: "trainedOn: []")
        let warnings = try EstateExample.load(yaml).warnings.map(\.message)
        #expect(warnings.contains { $0.contains("`examples` is open for `serving`") }, "\(warnings)")
    }
}

/// One mistake in the example, and what has to be said of it.
struct Mistake: Sendable, CustomTestStringConvertible {
    let text: String
    let replacement: String
    let message: String
    let line: Int

    var testDescription: String { message }

    static let all = [
        Mistake(
            text: "producer: cleaner",
            replacement: "producer: cleanre",
            message: "unknown component `cleanre`; did you mean `cleaner`?",
            line: 34
        ),
        Mistake(
            text: "purposes: [intake]",
            replacement: "purposes: [intkae]",
            message: "unknown purpose `intkae`; did you mean `intake`?",
            line: 29
        ),
        Mistake(
            text: "{dataset: orders}",
            replacement: "{dataset: order}",
            message: "unknown dataset `order`; did you mean `orders`?",
            line: 42
        ),
        Mistake(
            text: "training: {}",
            replacement: "training: {below: [research]}",
            message: "must not go in a circle",
            line: 6
        ),
        Mistake(
            text: "producer: trainer, classification: internal",
            replacement: "producer: trainer, classification: secret",
            message: "may hold only up to internal",
            line: 35
        ),
        Mistake(
            text: "maxClassification: internal\n    exposes",
            replacement: "maxClassification: public\n    exposes",
            message: "above its `maxClassification` of public",
            line: 38
        ),
        Mistake(
            text: "api: score}",
            replacement: "api: scroe}",
            message: "unknown API of `scorer` `scroe`; did you mean `score`?",
            line: 40
        ),
        Mistake(text: "data: deny", replacement: "data: allow", message: "always `deny`", line: 4),
        Mistake(text: "purpose: serving}", replacement: "porpose: serving}", message: "needs `purpose`", line: 12),
        Mistake(
            text: "prefix: weights/}], signed",
            replacement: "prefix: examples/w/}], signed",
            message: "overlap in the bucket `shop-ml`",
            line: 35
        ),
        Mistake(text: "role: scorer", replacement: "role: trainer", message: "share the role `trainer`", line: 18),
        Mistake(text: "s3: shop-orders", replacement: "s3: Shop_Orders", message: "no name of a bucket", line: 32),
        Mistake(text: "prefix: raw/", replacement: "prefix: \"raw/*\"", message: "a prefix is", line: 32),
        Mistake(
            text: "table: raw.orders",
            replacement: "table: \"raw.orders; drop\"",
            message: "no name of a table",
            line: 33
        ),
        Mistake(text: ", trustDomain: shop.example}", replacement: "}", message: "needs `trustDomain`", line: 3),
        Mistake(text: "id: B,", replacement: "id: A,", message: "an invariant `A` already", line: 43),
        Mistake(
            text: "{shop: {host",
            replacement: "{shap: {host",
            message: "unknown database `shop`; did you mean `shap`?",
            line: 33
        ),
    ]
}
