/// What a live database says about access.
public struct PostgreSQLCatalog: Hashable, Sendable {
    /// The settings that an estate is compared with.
    public let state: PostgreSQLState
    /// What opens a way around them.
    public let hazards: [PostgreSQLHazard]
    /// The rules of `pg_hba.conf`, in their order; nil where the connection may not see them.
    public let hostRules: [PostgreSQLHostRule]?
    /// The maps of `pg_ident.conf`; nil where the connection may not see them, or the server is older than 15.
    public let nameMaps: [PostgreSQLNameMap]?
    /// The tables of the estate that the database does not have, and how the labels of a shared one are at fault.
    public let unusable: [String]

    /// A catalog of parts, such as one that was exported.
    public init(
        state: PostgreSQLState,
        hazards: [PostgreSQLHazard] = [],
        hostRules: [PostgreSQLHostRule]?,
        nameMaps: [PostgreSQLNameMap]?,
        unusable: [String] = []
    ) {
        self.state = state
        self.hazards = hazards
        self.hostRules = hostRules
        self.nameMaps = nameMaps
        self.unusable = unusable
    }

    /// Reads a catalog, as far as it concerns a model.
    ///
    /// - Throws: What the source throws.
    public init(_ source: some PostgreSQLCatalogSource, for model: PostgreSQLModel) throws {
        let reader = try PostgreSQLCatalogReader(source: source, model: model)
        state = try reader.state()
        hazards = try reader.hazards()
        hostRules = try reader.hostRules()
        nameMaps = try reader.nameMaps()
        unusable = try reader.unusable()
    }
}
