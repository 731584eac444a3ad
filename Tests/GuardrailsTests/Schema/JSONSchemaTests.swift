import Testing

@testable import Guardrails

@Suite struct JSONSchemaTests {
    private func verdict(_ schema: String, _ value: String, _ bounds: JSONSchema.Bounds = .init()) throws
        -> SchemaVerdict
    {
        try JSONSchema(try JSONDocument(schema)).verdict(on: try JSONDocument(value).root, bounds: bounds)
    }

    @Test func `a violation says where, what was expected and what was found`() throws {
        let schema =
            ##"{"properties":{"model":{"enum":["a","b"]},"n":{"type":"integer","maximum":4},"x/y":{"items":{"minLength":2}}},"required":["model","z"]}"##
        let text = ##"{"model":"secret text","n":9,"x/y":["ok","a"]}"##
        guard case .invalid(let violations) = try verdict(schema, text) else {
            Issue.record("was valid")
            return
        }
        let byKeyword = Dictionary(uniqueKeysWithValues: violations.map { ($0.schema, $0) })
        #expect(byKeyword["#/properties/model/enum"]?.instance == "/model")
        #expect(byKeyword["#/properties/n/maximum"]?.message == "expected a number of at most 4, found 9")
        #expect(byKeyword["#/properties/x~1y/items/minLength"]?.instance == "/x~1y/1")
        #expect(byKeyword["#/required"]?.message == "expected a member `z`")
        #expect(byKeyword["#/properties/n/maximum"].map { Array(text.utf8)[$0.range] } == Array("9".utf8)[...])
        #expect(!"\(violations)".contains("secret"))
    }

    @Test(arguments: [
        (##"{"multipleOf":0.1}"##, ##"0.3"##, true),
        (##"{"multipleOf":0.01}"##, ##"4.35"##, true),
        (##"{"multipleOf":0.01}"##, ##"4.355"##, false),
        (##"{"multipleOf":1e-8}"##, ##"12391239123"##, true),
        (##"{"multipleOf":0.1}"##, ##"1e308"##, true),
        (##"{"type":"integer"}"##, ##"1.0e2"##, true),
        (##"{"type":"integer"}"##, ##"1e-1"##, false),
        (##"{"type":"integer"}"##, ##"123456789012345678901234567890"##, true),
        (##"{"maximum":9007199254740992}"##, ##"9007199254740993"##, false),
        (##"{"const":1.0}"##, ##"1"##, true),
        (##"{"const":9007199254740993}"##, ##"9007199254740992"##, false),
        (##"{"enum":[1e2]}"##, ##"100"##, true),
        (##"{"uniqueItems":true}"##, ##"[1,1.0]"##, false),
        (##"{"uniqueItems":true}"##, ##"[{"a":1,"b":2},{"b":2,"a":1}]"##, false),
        (##"{"uniqueItems":true}"##, ##"[1,true,"1"]"##, true),
        (##"{"maxLength":1}"##, ##""\ud83d\ude00""##, true),
        (##"{"pattern":"^\\p{Lu}$"}"##, ##""É""##, true),
        (##"{"pattern":"^.$"}"##, ##""😀""##, true),
        (##"{"pattern":"b"}"##, ##""abc""##, true),
        (
            ##"{"$id":"http://x/a/","$defs":{"s":{"$id":"b/c","$defs":{"n":{"$anchor":"n","type":"integer"}}}},"$ref":"b/c#n"}"##,
            ##"1"##, true
        ),
        (
            ##"{"$id":"http://x/a/","$defs":{"s":{"$id":"b/c","$defs":{"n":{"$anchor":"n","type":"integer"}}}},"$ref":"b/c#n"}"##,
            ##""1""##, false
        ),
        (##"{"$ref":"#/$defs/a~1b/x%25y","$defs":{"a/b":{"x%y":{"type":"null"}}}}"##, ##"null"##, true),
        (##"{"$ref":"#/$defs/a~1b/x%25y","$defs":{"a/b":{"x%y":{"type":"null"}}}}"##, ##"0"##, false),
        (
            ##"{"$id":"https://x/strings","$ref":"list","$defs":{"i":{"$dynamicAnchor":"item","type":"string"},"l":{"$id":"list","type":"array","items":{"$dynamicRef":"#item"},"$defs":{"d":{"$dynamicAnchor":"item"}}}}}"##,
            ##"["a"]"##, true
        ),
        (
            ##"{"$id":"https://x/strings","$ref":"list","$defs":{"i":{"$dynamicAnchor":"item","type":"string"},"l":{"$id":"list","type":"array","items":{"$dynamicRef":"#item"},"$defs":{"d":{"$dynamicAnchor":"item"}}}}}"##,
            ##"[1]"##, false
        ),
        (
            ##"{"allOf":[{"properties":{"a":true}}],"anyOf":[{"properties":{"b":{"type":"string"}}},{"properties":{"c":true},"required":["c"]}],"unevaluatedProperties":false}"##,
            ##"{"a":1,"b":"x"}"##, true
        ),
        (
            ##"{"allOf":[{"properties":{"a":true}}],"anyOf":[{"properties":{"b":{"type":"string"}}},{"properties":{"c":true},"required":["c"]}],"unevaluatedProperties":false}"##,
            ##"{"a":1,"b":1,"c":2}"##, false
        ),
        (##"{"not":{"not":{"properties":{"a":true}}},"unevaluatedProperties":false}"##, ##"{"a":1}"##, false),
        (
            ##"{"if":{"prefixItems":[{"const":1}]},"then":{"prefixItems":[true,true]},"unevaluatedItems":false}"##,
            ##"[1,2]"##, true
        ),
        (
            ##"{"if":{"prefixItems":[{"const":1}]},"then":{"prefixItems":[true,true]},"unevaluatedItems":false}"##,
            ##"[1,2,3]"##, false
        ),
        (##"{"contains":{"type":"string"},"unevaluatedItems":false}"##, ##"["a","b"]"##, true),
        (##"{"contains":{"type":"string"},"unevaluatedItems":false}"##, ##"["a",1]"##, false),
        (
            ##"{"contains":{"type":"string"},"minContains":0,"unevaluatedItems":{"type":"integer"}}"##, ##"[1,"a"]"##,
            true
        ),
        (
            ##"{"dependentSchemas":{"a":{"properties":{"b":true}}},"properties":{"a":true},"unevaluatedProperties":false}"##,
            ##"{"a":1,"b":1}"##, true
        ),
        (
            ##"{"dependentSchemas":{"a":{"properties":{"b":true}}},"properties":{"a":true},"unevaluatedProperties":false}"##,
            ##"{"b":1}"##, false
        ),
        (
            ##"{"propertyNames":{"maxLength":1},"patternProperties":{"^[ab]$":{"type":"integer"}},"additionalProperties":{"type":"null"}}"##,
            ##"{"a":1,"c":null}"##, true
        ),
        (##"{"minContains":2,"contains":{"const":1},"maxContains":3}"##, ##"[1,1,1,1]"##, false),
        (##"{"required":["__proto__","toString"]}"##, ##"{}"##, false),
        (##"{"properties":{"__proto__":{"type":"number"}}}"##, ##"{"__proto__":"x"}"##, false),
    ])
    func `numbers, references and what is left over`(_ schema: String, _ value: String, _ isValid: Bool) throws {
        switch try verdict(schema, value) {
        case .valid: #expect(isValid, "\(schema) takes \(value)")
        case .invalid: #expect(!isValid, "\(schema) does not take \(value)")
        case .undecided(let why): Issue.record("\(schema) on \(value): \(why)")
        }
    }

    @Test(arguments: [
        (##"{"$ref":"#"}"##, "1"),
        (##"{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"$ref":"#/$defs/a"}"##, "1"),
        (##"{"anyOf":[{"$ref":"#"},{"$ref":"#"}]}"##, "{}"), (##"{"not":{"$ref":"#"}}"##, "{}"),
        (##"{"$dynamicAnchor":"a","$dynamicRef":"#a"}"##, "[]"),
    ])
    func `schemas that refer to themselves without end are a refusal`(_ schema: String, _ value: String) throws {
        guard case .undecided = try verdict(schema, value) else {
            Issue.record("was decided")
            return
        }
    }

    @Test func `alternatives that multiply come to an end`() throws {
        // Each level tries the next twice: 2^40 in all.
        var schema = ##"{"$defs":{"d40":false"##
        for level in 0..<40 {
            schema +=
                ##","d\##(level)":{"anyOf":[{"$ref":"#/$defs/d\##(level + 1)"},{"$ref":"#/$defs/d\##(level + 1)"}]}"##
        }
        schema += ##"},"$ref":"#/$defs/d0"}"##
        guard case .undecided(let reason) = try verdict(schema, "1", .init(steps: 200_000)) else {
            Issue.record("was decided")
            return
        }
        #expect(reason.contains("steps"))
    }

    @Test func `a pattern cannot take more than its share`() throws {
        let text = "\"" + String(repeating: "a", count: 50_000) + "b\""
        let verdict = try verdict(##"{"pattern":"^(a+)+$"}"##, text)
        #expect(verdict != .valid)
    }

    @Test(arguments: [
        (##"{"type":"strin"}"##, "#/type"), (##"{"minLength":-1}"##, "#/minLength"),
        (##"{"pattern":"("}"##, "#/pattern"),
        (##"{"$ref":"http://example.com/x"}"##, "#"), (##"{"properties":{"a":3}}"##, "#/properties/a"),
        (##"{"$schema":"http://json-schema.org/draft-07/schema#"}"##, "#/$schema"), (##"{"allOf":[]}"##, "#/allOf"),
        (##"{"required":"a"}"##, "#/required"), (#"3"#, "#"), (##"{"$id":"a#b"}"##, "#/$id"),
        (##"{"$defs":{"a":{"$anchor":"x"},"b":{"$anchor":"x"}}}"##, "#/$defs/"), (##"{"$ref":"#/$defs/none"}"##, "#"),
        (##"{"allOf":[true],"$ref":"#/allOf/-1"}"##, "#"), (##"{"allOf":[true],"$ref":"#/allOf/+0"}"##, "#"),
        (##"{"allOf":[true],"$ref":"#/allOf/00"}"##, "#"), (##"{"allOf":[true],"$ref":"#/allOf/1"}"##, "#"),
    ])
    func `a schema that cannot be meant is refused with its place`(_ schema: String, _ place: String) throws {
        do {
            _ = try JSONSchema(try JSONDocument(schema))
            Issue.record("was taken")
        } catch let error as JSONSchemaError {
            #expect(error.location.hasPrefix(place), "\(error)")
        }
    }

    @Test func `names and expressions take no more memory than is allowed`() throws {
        let name = String(repeating: "n", count: 1_000)
        var text = "{\"properties\":{" + (0..<2_000).map { "\"\($0)\":{}" }.joined(separator: ",") + "}}"
        for _ in 0..<20 { text = "{\"properties\":{\"\(name)\":\(text)}}" }
        let schema = try JSONSchema(try JSONDocument(text))
        #expect(schema.program.nodes.count == 2_021)
        #expect(schema.program.nodes.allSatisfy { $0.location.utf8.count < 1_100 })
        #expect(throws: JSONSchemaError.self) {
            try JSONSchema(try JSONDocument("{\"$id\":\"http://a/\(name)/\(name)\"}"))
        }
        let large = (0..<20_000).map { "\"\($0)(a{1000}){9}\":true" }.joined(separator: ",")
        #expect(throws: JSONSchemaError.self) { try JSONSchema(try JSONDocument("{\"patternProperties\":{\(large)}}")) }
    }

    @Test(arguments: [#"{"maxLength":1}"#, #"{"minLength":1}"#, #"{"pattern":"^b"}"#])
    func `what a long text costs is counted`(_ part: String) throws {
        let parts = Array(repeating: part, count: 100).joined(separator: ",")
        let text = "\"\(String(repeating: "a", count: 160_000))\""
        guard case .undecided = try verdict("{\"anyOf\":[\(parts)]}", text, .init(steps: 5_000)) else {
            Issue.record("was decided")
            return
        }
    }

    @Test func `many large expressions are too much together`() throws {
        let patterns = (0..<100).map { "\"(a{1000}){\($0 % 9 + 1)}b\($0)\":true" }.joined(separator: ",")
        let document = try JSONDocument("{\"patternProperties\":{\(patterns)}}")
        #expect(throws: JSONSchemaError.self) { try JSONSchema(document) }
    }

    @Test(arguments: MetaSchemas.uris)
    func `the schemas of schemas are read`(_ uri: String) throws {
        let document = try #require(MetaSchemas.document(uri))
        #expect(try JSONSchema(document, options: .init(baseURI: uri)).verdict(on: document.root) == .valid)
    }

    @Test func `schemas made at random neither trap nor hang`() throws {
        var random = SeededRandom(seed: 11)
        let keywords = [
            "type", "$ref", "items", "properties", "anyOf", "allOf", "oneOf", "not", "if", "then", "$id", "$anchor",
            "$dynamicAnchor", "$dynamicRef", "$defs", "contains", "unevaluatedItems", "unevaluatedProperties",
            "patternProperties", "pattern", "enum", "const", "minItems", "multipleOf", "format", "prefixItems",
        ]
        let scalars = [
            #""a""#, "1", "-1", "0.5", "true", "null", "\"\"", ###""#a""###, ##""#/$defs/a""##, #""object""#,
            #""date""#,
        ]
        func text(_ depth: Int) -> String {
            switch depth > 3 ? 3 : Int.random(in: 0..<4, using: &random) {
            case 0:
                return "["
                    + (0..<Int.random(in: 0...2, using: &random)).map { _ in text(depth + 1) }.joined(separator: ",")
                    + "]"
            case 1, 2:
                let names = Set(
                    (0..<Int.random(in: 0...4, using: &random)).map { _ in keywords.randomElement(using: &random) ?? "a"
                    }
                )
                return "{" + names.sorted().map { "\"\($0)\":\(text(depth + 1))" }.joined(separator: ",") + "}"
            default: return scalars.randomElement(using: &random) ?? "1"
            }
        }
        for _ in 0..<4_000 {
            let document = try JSONDocument(text(0))
            guard let schema = try? JSONSchema(document) else { continue }
            _ = schema.verdict(on: document.root, bounds: .init(steps: 100_000))
        }
    }
}
