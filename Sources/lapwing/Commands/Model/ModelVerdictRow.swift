import Foundation
import ModelTrust

/// A verdict about a model as JSON has it.
struct ModelVerdictRow: Encodable {
    private struct Signer: Encodable {
        let method, identity: String
        let issuer: String?
        let signedBefore: Date?
    }
    private struct File: Encodable {
        let path, finding: String
        let detail: String?
        let size: UInt64
    }
    private let version = 1
    private let model: String
    private let verdict: String
    private let code: String?
    private let message: String?
    private let digest: String?
    private let manifestDigest: String?
    private let hash: String?
    private let signer: Signer?
    private let warnings: [String]
    private let files: [File]

    init(_ verdict: ModelVerdict, model path: String) {
        model = path
        let found: [FileVerdict]
        switch verdict {
        case .verified(let model):
            self.verdict = "verified"
            (code, message) = (nil, nil)
            digest = "sha256:" + model.rootDigest
            manifestDigest = model.manifestDigest.description
            hash = model.algorithm.rawValue
            signer = Signer(
                method: model.signer.method.rawValue,
                identity: model.signer.identity,
                issuer: model.signer.issuer,
                signedBefore: model.signer.signedBy
            )
            warnings = model.warnings
            found = model.files
        case .refused(let refusal):
            self.verdict = "refused"
            (code, message) = (refusal.code.rawValue, refusal.message)
            (digest, manifestDigest, hash, signer, warnings) = (nil, nil, nil, nil, [])
            found = refusal.files
        }
        files = found.map { File(path: $0.path.text, finding: $0.finding.rawValue, detail: $0.detail, size: $0.size) }
    }
}
