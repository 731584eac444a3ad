/// Reads schemas, and finds what their references mean.
///
/// First the whole document is gone through for the URIs and anchors in it; then each schema that is reached is
/// compiled, once, with the others that it refers to in a list of what is left to do. Nothing here follows a reference
/// by calling itself.
struct SchemaCompiler {
    /// A schema resource: what has a URI of its own (Core §4.3.5).
    private struct Resource {
        let uri: String
        let root: JSONValue
        let vocabulary: SchemaVocabulary
        /// Schemas by the name of their anchor.
        var anchors: [String: JSONValue] = [:]
        var dynamicAnchors: [String: JSONValue] = [:]
    }

    /// A schema's place in what was read.
    private struct Place: Hashable {
        let document: ObjectIdentifier
        let node: Int

        init(_ value: JSONValue) {
            document = ObjectIdentifier(value.document)
            node = value.index
        }
    }

    /// What was found of a schema when the document was gone through.
    private struct Found {
        let resource: Int
        let pointer: String
    }

    private let options: JSONSchema.Options
    private var resources: [Resource] = []
    private var resourcesByURI: [String: Int] = [:]
    private var found: [Place: Found] = [:]
    private var compiled: [Place: Int] = [:]
    private var waiting: [(value: JSONValue, index: Int)] = []
    private var nodes: [SchemaNode] = []
    /// The steps of all regular expressions so far.
    private var expressionSteps = 0
    /// The bytes that the name of a place or of a schema may have: each schema keeps its own.
    private static let maximumNameBytes = 1024

    init(_ options: JSONSchema.Options) {
        self.options = options
    }

    mutating func compile(_ root: JSONValue) throws(JSONSchemaError) -> SchemaProgram {
        try index(root, base: options.baseURI)
        _ = try schema(root)
        while true {
            while let next = waiting.popLast() {
                nodes[next.index].keywords = try keywords(of: next.value, nodes[next.index])
            }
            // A dynamic reference may lead to any anchor of its name in what was entered.
            let before = nodes.count
            for number in resources.indices {
                for anchor in resources[number].dynamicAnchors.values { _ = try schema(anchor) }
            }
            guard nodes.count > before else { break }
        }
        return SchemaProgram(
            nodes,
            resources.map { $0.dynamicAnchors.compactMapValues { compiled[Place($0)] } },
            schemas: max(nodes.count, found.count),
            expressionSteps: expressionSteps
        )
    }

    // MARK: URIs and anchors

    /// Goes through a document from a schema, and notes what in it has a name.
    private mutating func index(_ root: JSONValue, base: String) throws(JSONSchemaError) {
        let uri = URIReference(base).withoutFragment
        let resource = try add(root, uri: uri, within: nil)
        resourcesByURI[uri] = resource
        var stack: [(value: JSONValue, resource: Int, pointer: String)] = [(root, resource, "")]
        while let next = stack.popLast() {
            var (resource, pointer) = (next.resource, next.pointer)
            let value = next.value
            if let id = value["$id"] {
                guard let text = id.string else {
                    throw failure(.invalidKeyword, resource, pointer + "/$id", id, "expected a string")
                }
                let reference = URIReference(text)
                guard reference.fragment?.isEmpty != false else {
                    throw failure(
                        .invalidKeyword,
                        resource,
                        pointer + "/$id",
                        id,
                        "a URI has a fragment; write `$anchor`"
                    )
                }
                let uri = URIReference(resources[resource].uri).resolving(reference).withoutFragment
                guard uri.utf8.count <= Self.maximumNameBytes else {
                    throw failure(
                        .tooLarge,
                        resource,
                        pointer,
                        id,
                        "a URI has more than \(Self.maximumNameBytes) bytes"
                    )
                }
                let isRoot = Place(value) == Place(root)
                let outer = resource
                resource = try add(value, uri: uri, within: isRoot ? nil : outer)
                if isRoot { resourcesByURI[resources[outer].uri] = resource } else { pointer = "" }
                if let known = resourcesByURI[uri], known != resource, Place(resources[known].root) != Place(value) {
                    throw failure(.ambiguousIdentifier, resource, "", id, "two schemas have the URI `\(uri)`")
                }
                resourcesByURI[uri] = resource
            }
            guard found.count < options.maximumSchemas else {
                throw failure(.tooLarge, resource, pointer, value, "more than \(options.maximumSchemas) schemas")
            }
            found[Place(value)] = Found(resource: resource, pointer: pointer)
            if let anchor = value["$anchor"] { try note(anchor, of: value, resource, pointer, isDynamic: false) }
            if let anchor = value["$dynamicAnchor"] { try note(anchor, of: value, resource, pointer, isDynamic: true) }
            SchemaPlaces.visit(value) { inner, step in stack.append((inner, resource, Self.longer(pointer, step))) }
        }
    }

    private mutating func add(
        _ root: JSONValue,
        uri: String,
        within outer: Int?
    ) throws(JSONSchemaError) -> Int {
        var vocabulary = outer.map { resources[$0].vocabulary } ?? .standard(assertsFormats: options.assertsFormats)
        if let declared = root["$schema"] {
            guard let text = declared.string else {
                throw JSONSchemaError(
                    code: .invalidKeyword,
                    location: "\(uri)#/$schema",
                    message: "expected a string",
                    offset: declared.range.lowerBound
                )
            }
            vocabulary = try SchemaVocabulary.declared(text, options, at: "\(uri)#/$schema", declared)
        }
        resources.append(Resource(uri: uri, root: root, vocabulary: vocabulary))
        return resources.count - 1
    }

    private mutating func note(
        _ anchor: JSONValue,
        of value: JSONValue,
        _ resource: Int,
        _ pointer: String,
        isDynamic: Bool
    ) throws(JSONSchemaError) {
        let keyword = isDynamic ? "/$dynamicAnchor" : "/$anchor"
        guard let name = anchor.string, let first = name.unicodeScalars.first,
            first.isASCII, first.properties.isAlphabetic || first == "_",
            name.utf8.allSatisfy({ ScalarSet.word.contains(UInt32($0)) || $0 == 0x2D || $0 == 0x2E })
        else {
            throw failure(.invalidKeyword, resource, pointer + keyword, anchor, "expected the name of an anchor")
        }
        if let known = resources[resource].anchors[name], Place(known) != Place(value) {
            throw failure(
                .ambiguousIdentifier,
                resource,
                pointer + keyword,
                anchor,
                "two schemas have the anchor `\(name)`"
            )
        }
        resources[resource].anchors[name] = value
        if isDynamic { resources[resource].dynamicAnchors[name] = value }
    }

    // MARK: References

    /// The schema that a reference means, and the name of the dynamic anchor by which it was found.
    private mutating func target(
        _ text: String,
        from node: SchemaNode,
        _ keyword: JSONValue
    ) throws(JSONSchemaError) -> (schema: Int, anchor: String?) {
        let reference = URIReference(resources[node.resource].uri).resolving(URIReference(text))
        let uri = reference.withoutFragment
        let unknown = JSONSchemaError(
            code: .unknownReference,
            location: node.location,
            message: "`\(text.prefix(200))` refers to no schema that is at hand",
            offset: keyword.range.lowerBound
        )
        if resourcesByURI[uri] == nil {
            guard let document = options.others[uri] ?? MetaSchemas.document(uri) else { throw unknown }
            try index(document.root, base: uri)
        }
        guard let resource = resourcesByURI[uri], let fragment = reference.decodedFragment else { throw unknown }
        if fragment.isEmpty { return (try schema(resources[resource].root), nil) }
        guard fragment.hasPrefix("/") else {
            guard let value = resources[resource].anchors[fragment] else { throw unknown }
            let isDynamic = resources[resource].dynamicAnchors[fragment] != nil
            return (try schema(value), isDynamic ? fragment : nil)
        }
        guard let steps = JSONPointer.steps(fragment) else { throw unknown }
        var value = resources[resource].root
        var (place, pointer) = (resource, "")
        for step in steps {
            let next =
                value.kind == .array
                ? JSONPointer.place(step).flatMap { number in value.elements.dropFirst(number).first { _ in true } }
                : value[step]
            guard let next else { throw unknown }
            value = next
            pointer = Self.longer(pointer, "/" + JSONPointer.escaped(step))
            if let known = found[Place(value)] { (place, pointer) = (known.resource, known.pointer) }
        }
        if found[Place(value)] == nil {
            // A place that no keyword of ours makes a schema; the reference does.
            found[Place(value)] = Found(resource: place, pointer: pointer)
        }
        return (try schema(value), nil)
    }

    /// The number of a schema, which is compiled when its turn comes.
    private mutating func schema(_ value: JSONValue) throws(JSONSchemaError) -> Int {
        let place = Place(value)
        if let known = compiled[place] { return known }
        let found = found[place] ?? Found(resource: 0, pointer: "")
        let location = resources[found.resource].uri + "#" + found.pointer
        guard nodes.count < options.maximumSchemas else {
            throw failure(
                .tooLarge,
                found.resource,
                found.pointer,
                value,
                "more than \(options.maximumSchemas) schemas"
            )
        }
        let index = nodes.count
        nodes.append(SchemaNode(location: location, resource: found.resource, offset: value.range.lowerBound))
        compiled[place] = index
        switch value.kind {
        case .true: break
        case .false: nodes[index].keywords = [.never]
        case .object: waiting.append((value, index))
        default:
            throw failure(
                .invalidKeyword,
                found.resource,
                found.pointer,
                value,
                "expected a schema, found \(value.kind.name)"
            )
        }
        return index
    }

    private func failure(
        _ code: JSONSchemaError.Code,
        _ resource: Int,
        _ pointer: String,
        _ value: JSONValue,
        _ message: String
    ) -> JSONSchemaError {
        JSONSchemaError(
            code: code,
            location: resources[resource].uri + "#" + pointer,
            message: message,
            offset: value.range.lowerBound
        )
    }

    // MARK: Keywords

    /// What a schema asks for, assertions first and what is left unevaluated last.
    private mutating func keywords(
        of value: JSONValue,
        _ node: SchemaNode
    ) throws(JSONSchemaError) -> [SchemaKeyword] {
        let vocabulary = resources[node.resource].vocabulary
        let reader = SchemaReader(value, node.location)
        var keywords: [SchemaKeyword] = []
        if vocabulary.hasValidation { keywords += try reader.assertions() }
        for case .pattern(let expression) in keywords { try count(expression, node) }
        if let format = value["format"], vocabulary.hasFormats {
            guard let name = format.string else { throw reader.failure("format", format, "expected a string") }
            if let format = JSONFormat(rawValue: name), vocabulary.assertsFormats { keywords.append(.format(format)) }
        }
        for (name, isDynamic) in [("$ref", false), ("$dynamicRef", true)] {
            guard let reference = value[name] else { continue }
            guard let text = reference.string else { throw reader.failure(name, reference, "expected a string") }
            let (target, anchor) = try target(text, from: node, reference)
            if isDynamic, let anchor {
                keywords.append(.dynamicReference(target, anchor: anchor))
            } else {
                keywords.append(.reference(target))
            }
        }
        guard vocabulary.hasApplicators else { return keywords }
        for (name, make) in [
            ("allOf", SchemaKeyword.allOf), ("anyOf", SchemaKeyword.anyOf), ("oneOf", SchemaKeyword.oneOf),
        ] {
            guard let parts = try reader.list(name) else { continue }
            keywords.append(make(try schemas(parts)))
        }
        if let part = value["not"] { keywords.append(.not(try schema(part))) }
        if let condition = value["if"] {
            keywords.append(
                .conditional(
                    if: try schema(condition),
                    then: try part("then", of: value),
                    else: try part("else", of: value)
                )
            )
        }
        try addDependencies(reader, vocabulary, &keywords)
        let prefix = try reader.list("prefixItems").map { (parts) throws(JSONSchemaError) in try schemas(parts) } ?? []
        let rest = try part("items", of: value)
        if !prefix.isEmpty || rest != nil { keywords.append(.items(prefix: prefix, rest: rest)) }
        if let part = value["contains"] {
            let counts = vocabulary.hasValidation
            keywords.append(
                .contains(
                    try schema(part),
                    least: counts ? try reader.count("minContains") ?? 1 : 1,
                    most: counts ? try reader.count("maxContains") : nil
                )
            )
        }
        try addProperties(reader, node, &keywords)
        if let part = try part("propertyNames", of: value) { keywords.append(.propertyNames(part)) }
        if vocabulary.hasUnevaluated {
            if let part = try part("unevaluatedItems", of: value) { keywords.append(.unevaluatedItems(part)) }
            if let part = try part("unevaluatedProperties", of: value) { keywords.append(.unevaluatedProperties(part)) }
        }
        return keywords
    }

    /// The name of a place within another, cut where it gets too long; names are for messages alone.
    private static func longer(_ pointer: String, _ step: String) -> String {
        if pointer.utf8.count + step.utf8.count <= maximumNameBytes { return pointer + step }
        return pointer.hasSuffix("…") ? pointer : pointer + "/…"
    }

    /// Counts an expression as soon as it is there, so that no more than one is ever too many.
    private mutating func count(_ expression: LinearExpression, _ node: SchemaNode) throws(JSONSchemaError) {
        expressionSteps += expression.size
        guard expressionSteps <= options.maximumExpressionSteps else {
            throw JSONSchemaError(
                code: .tooLarge,
                location: node.location,
                message: "the regular expressions of the schema are too large together: write fewer repetitions",
                offset: node.offset
            )
        }
    }

    private mutating func part(_ name: String, of value: JSONValue) throws(JSONSchemaError) -> Int? {
        guard let part = value[name] else { return nil }
        return try schema(part)
    }

    private mutating func schemas(_ parts: [JSONValue]) throws(JSONSchemaError) -> [Int] {
        var result: [Int] = []
        for part in parts { result.append(try schema(part)) }
        return result
    }

    private mutating func addProperties(
        _ reader: SchemaReader,
        _ node: SchemaNode,
        _ keywords: inout [SchemaKeyword]
    ) throws(JSONSchemaError) {
        var properties: [[UInt8]: Int] = [:]
        for (key, part) in try reader.object("properties") { properties[key.utf8 ?? []] = try schema(part) }
        var patterns: [(LinearExpression, Int)] = []
        for (key, part) in try reader.object("patternProperties") {
            let expression = try reader.expression(key, "patternProperties")
            try count(expression, node)
            patterns.append((expression, try schema(part)))
        }
        let additional = try part("additionalProperties", of: reader.value)
        guard !properties.isEmpty || !patterns.isEmpty || additional != nil else { return }
        keywords.append(.properties(properties, patterns: patterns, additional: additional))
    }

    /// `dependentSchemas`, and `dependencies` as earlier drafts had it (Core, appendix on compatibility).
    private mutating func addDependencies(
        _ reader: SchemaReader,
        _ vocabulary: SchemaVocabulary,
        _ keywords: inout [SchemaKeyword]
    ) throws(JSONSchemaError) {
        var parts: [[UInt8]: Int] = [:]
        for (key, part) in try reader.object("dependentSchemas") { parts[key.utf8 ?? []] = try schema(part) }
        if !parts.isEmpty { keywords.append(.dependentSchemas("dependentSchemas", parts)) }
        var names: [[UInt8]: [[UInt8]]] = [:]
        parts = [:]
        for (key, part) in try reader.object("dependencies") {
            if part.kind == .array {
                names[key.utf8 ?? []] = try reader.names(part, "dependencies")
            } else {
                parts[key.utf8 ?? []] = try schema(part)
            }
        }
        if !names.isEmpty { keywords.append(.dependentRequired("dependencies", names)) }
        if !parts.isEmpty { keywords.append(.dependentSchemas("dependencies", parts)) }
    }
}
