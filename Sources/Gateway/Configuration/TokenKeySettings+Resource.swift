import Authorization
import Resources

extension TokenKeySettings {
    /// Reads `tokenKeys` of a `Gateway`.
    ///
    /// - Throws: `ResourceError` at the first place that is wrong.
    init(_ value: Value) throws {
        self.init()
        var fields = try FieldReader(value, of: "tokenKeys")
        if let refresh = try fields.optional("refresh", { try $0.duration() }) { self.refresh = refresh }
        // Keys that are refreshed seldom are believed until they are, unless it is said otherwise.
        let lifetime = try fields.optional("lifetime") { try $0.duration() }
        self.lifetime = lifetime ?? max(self.lifetime, refresh * 3)
        authoritiesFile = try fields.optional("authoritiesFile") { value in
            let path = try value.string()
            guard path.hasPrefix("/") else { throw value.error("expected an absolute path, found `\(path)`") }
            return path
        }
        allowsPlaintext = try fields.optional("plaintext") { try $0.bool() } ?? false
        try fields.finish()
        guard refresh >= .seconds(10) else { throw value.error("`refresh` is at least `10s`") }
        guard self.lifetime > refresh else {
            throw value.error("`lifetime` must be longer than `refresh`, or there would be no keys in between")
        }
    }
}
