/// One schema, compiled: what it asks of a value, in the order in which it is looked at.
struct SchemaNode: Sendable {
    /// The schema's place, for reports: `#/properties/model`.
    var location: String
    /// The schema resource that it belongs to.
    var resource: Int
    var keywords: [SchemaKeyword] = []
    /// The byte at which it stands in its document.
    var offset = 0
}

/// The kinds of values that a schema allows.
struct TypeSet: Sendable, Hashable {
    var kinds: Set<JSONKind> = []
    var allowsInteger = false
    var names: [String] = []

    mutating func insert(_ name: String) -> Bool {
        names.append(name)
        switch name {
        case "null": kinds.insert(.null)
        case "boolean": kinds.formUnion([.true, .false])
        case "number": kinds.insert(.number)
        case "integer": allowsInteger = true
        case "string": kinds.insert(.string)
        case "array": kinds.insert(.array)
        case "object": kinds.insert(.object)
        default: return false
        }
        return true
    }

    func contains(_ value: JSONValue) -> Bool {
        kinds.contains(value.kind) || allowsInteger && value.kind == .number && value.number?.isInteger == true
    }
}

/// What a schema asks for (JSON Schema 2020-12, Core §10 and §11, Validation §6).
indirect enum SchemaKeyword: Sendable {
    case never
    case type(TypeSet)
    case enumeration(Set<[UInt8]>, shown: String)
    case constant([UInt8], shown: String)
    case multipleOf(JSONNumber)
    case maximum(JSONNumber, isExclusive: Bool)
    case minimum(JSONNumber, isExclusive: Bool)
    case maxLength(Int)
    case minLength(Int)
    case pattern(LinearExpression)
    case format(JSONFormat)
    case maxItems(Int)
    case minItems(Int)
    case uniqueItems
    case maxProperties(Int)
    case minProperties(Int)
    case required([[UInt8]])
    case dependentRequired(String, [[UInt8]: [[UInt8]]])

    case reference(Int)
    case dynamicReference(Int, anchor: String)
    case allOf([Int])
    case anyOf([Int])
    case oneOf([Int])
    case not(Int)
    case conditional(if: Int, then: Int?, else: Int?)
    case dependentSchemas(String, [[UInt8]: Int])
    case items(prefix: [Int], rest: Int?)
    case contains(Int, least: Int, most: Int?)
    case properties([[UInt8]: Int], patterns: [(LinearExpression, Int)], additional: Int?)
    case propertyNames(Int)
    case unevaluatedItems(Int)
    case unevaluatedProperties(Int)
}

/// A set of schemas that refer to one another, compiled.
final class SchemaProgram: Sendable {
    let nodes: [SchemaNode]
    /// Of each resource, the schemas that its dynamic anchors name.
    let dynamicAnchors: [[String: Int]]
    /// The schemas that were gone through.
    let schemas: Int
    /// The steps of all regular expressions.
    let expressionSteps: Int

    init(_ nodes: [SchemaNode], _ dynamicAnchors: [[String: Int]], schemas: Int, expressionSteps: Int) {
        self.nodes = nodes
        self.dynamicAnchors = dynamicAnchors
        self.schemas = schemas
        self.expressionSteps = expressionSteps
    }
}
