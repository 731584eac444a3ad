import FoundationEssentials
import SwiftASN1
import X509

/// The timestamping authorities that are believed.
public struct TimestampTrust: Sendable {
    /// One authority.
    struct Authority: Sendable {
        /// Where the chain ends.
        let anchor: Certificate
        /// The certificates before it.
        let others: [Certificate]
        let validity: ValidityPeriod
    }

    let authorities: [Authority]

    init(authorities: [Authority]) { self.authorities = authorities }

    /// Trust in an authority whose certificates stand in PEM text, the self-signed one among them.
    ///
    /// - Throws: ``ModelRefusal`` where there is no self-signed one.
    public init(pem: String) throws(ModelRefusal) {
        let trust = try CertificateTrust(pem: [pem])
        authorities = trust.anchors.map {
            Authority(anchor: $0, others: trust.intermediates, validity: .always)
        }
    }

    /// The time that a timestamp proves some bytes to have existed at.
    func time(of token: [UInt8], over bytes: [UInt8]) throws(ModelRefusal) -> Date {
        let token = try TimestampToken(token)
        try token.checkImprint(of: bytes)
        var failure = ModelRefusal(.timestamp, "the timestamp is of an authority that is not trusted")
        for authority in authorities where authority.validity.contains(token.time) {
            do throws(ModelRefusal) {
                try token.verify(by: authority)
                return token.time
            } catch { failure = error }
        }
        throw ModelRefusal(.timestamp, failure.message)
    }
}
