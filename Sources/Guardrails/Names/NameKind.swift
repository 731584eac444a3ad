/// What a name is one of.
package enum NameKind: Int, CaseIterable, Sendable {
    /// No name.
    case none
    case person
    case location
    case organization
    /// A nationality, religion or political group.
    case group
    /// A place as it is written on letters.
    case address

    /// The type of the finding; an address is a place.
    var entity: EntityType? {
        switch self {
        case .none: nil
        case .person: .person
        case .location, .address: .location
        case .organization: .organization
        case .group: .nrp
        }
    }
}
