/// Where in a schema other schemas stand (Core §10.2, §10.3, §11, Validation §8).
enum SchemaPlaces {
    private static let single: Set<String> = [
        "not", "if", "then", "else", "items", "contains", "additionalProperties", "propertyNames", "unevaluatedItems",
        "unevaluatedProperties", "contentSchema",
    ]
    private static let lists: Set<String> = ["allOf", "anyOf", "oneOf", "prefixItems"]
    private static let maps: Set<String> = [
        "$defs", "definitions", "properties", "patternProperties", "dependentSchemas", "dependencies",
    ]

    /// Calls for each schema right within another, with the pointer from there to it.
    static func visit(_ schema: JSONValue, _ take: (JSONValue, String) -> Void) {
        for (key, value) in schema.members {
            guard let name = key.string else { continue }
            if single.contains(name) {
                take(value, "/" + name)
            } else if lists.contains(name) {
                for (place, part) in value.elements.enumerated() { take(part, "/\(name)/\(place)") }
            } else if maps.contains(name) {
                for (key, part) in value.members where part.kind != .array {
                    take(part, "/\(name)/\(JSONPointer.escaped(key.string ?? ""))")
                }
            }
        }
    }
}
