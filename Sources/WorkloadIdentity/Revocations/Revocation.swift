public import FoundationEssentials
import SPIFFE
public import ZeroTrust

/// An identity, or one certificate, that is no longer accepted: what, why, and by whom.
public struct Revocation: Hashable, Sendable {
    /// What is revoked.
    public enum Subject: Hashable, Sendable {
        /// Every certificate of a SPIFFE ID.
        case id(SPIFFEID)
        /// The certificate with a serial number, in lower-case hexadecimal without leading zeros.
        case serialNumber(String)
    }

    /// What is revoked.
    public let subject: Subject
    /// Why, for whoever reads the list later; may be empty.
    public let reason: String
    /// Who revoked it.
    public let creator: String
    /// When it was revoked, in whole seconds.
    public let createdAt: Date

    /// The longest reason, in bytes.
    public static let maximumReason = 256

    /// A revocation; the moment is cut to whole seconds.
    ///
    /// - Throws: ``IdentityError`` with `invalidArgument` for a reason that is too long or not one line.
    public init(_ subject: Subject, reason: String, creator: String, at moment: Date) throws(IdentityError) {
        guard reason.utf8.count <= Self.maximumReason,
            reason.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f })
        else {
            throw IdentityError(
                .invalidArgument,
                "a reason is one line of at most \(Self.maximumReason) bytes"
            )
        }
        self.subject = subject
        self.reason = reason
        self.creator = creator
        self.createdAt = Date(timeIntervalSince1970: moment.timeIntervalSince1970.rounded(.down))
    }
}

extension Revocation.Subject: CustomStringConvertible {
    /// The SPIFFE ID or the serial number.
    public var description: String {
        switch self {
        case .id(let id): id.description
        case .serialNumber(let number): number
        }
    }

    /// Reads a SPIFFE ID, or a serial number in hexadecimal as tools print it.
    ///
    /// - Throws: ``IdentityError`` with `invalidArgument` for anything else.
    public init(_ text: String) throws(IdentityError) {
        if text.hasPrefix("spiffe:") {
            do throws(SPIFFEIDError) { self = .id(try SPIFFEID(text)) } catch {
                throw IdentityError(.invalidArgument, "`\(text.prefix(256))` is no SPIFFE ID: \(error)")
            }
        } else if let number = RevocationSet.serialNumber(text) {
            self = .serialNumber(number)
        } else {
            throw IdentityError(
                .invalidArgument,
                "`\(text.prefix(256))` is neither a SPIFFE ID nor a certificate's serial number in hexadecimal"
            )
        }
    }
}

extension RevocationSet {
    /// What a list of revocations revokes.
    init(_ revocations: some Sequence<Revocation>) {
        var ids: Set<SPIFFEID> = []
        var serialNumbers: Set<String> = []
        for revocation in revocations {
            switch revocation.subject {
            case .id(let id): ids.insert(id)
            case .serialNumber(let number): serialNumbers.insert(number)
            }
        }
        self.init(ids: ids, serialNumbers: serialNumbers)
    }
}
