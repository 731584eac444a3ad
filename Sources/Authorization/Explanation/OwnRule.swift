import Resources

extension AuthorizationPolicy.Rule {
    /// A rule for one request: its caller where one is proved, its method and its path.
    init(_ attributes: Attributes, at location: SourceLocation) {
        func fields(_ list: [(String, AuthorizationPolicy.Subject)]) -> [AuthorizationPolicy.Field] {
            list.compactMap { name, subject in
                attributes.value(for: subject).map {
                    AuthorizationPolicy.Field(
                        name: name,
                        subject: subject,
                        isNegated: false,
                        values: [.init(text: $0, location: location)],
                        location: location
                    )
                }
            }
        }
        let source = fields([("principals", .principal)])
        let operation = fields([("methods", .method), ("paths", .path)])
        self.init(
            from: source.isEmpty ? [] : [.init(fields: source, location: location)],
            to: operation.isEmpty ? [] : [.init(fields: operation, location: location)],
            when: [],
            location: location
        )
    }
}
