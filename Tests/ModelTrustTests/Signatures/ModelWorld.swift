import Crypto
import Foundation
import ModelTrust

/// A model in a folder of its own, and keys to sign it with; removed when nobody needs it any more.
final class ModelWorld {
    let folder: String
    let key: SignerPrivateKey
    var model: String { folder + "/model" }
    var signature: String { folder + "/model.sig" }

    init(_ files: [String: String] = ["weights.bin": "weights", "tokenizer/vocab.json": "{}"]) throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("lapwing-\(UUID().uuidString)")
        folder = url.path
        key = try SignerPrivateKey(pem: P256.Signing.PrivateKey().pemRepresentation)
        for (path, text) in files { try write(text, to: path) }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

    func write(_ bytes: [UInt8], to path: String) throws {
        let place = URL(fileURLWithPath: model + "/" + path)
        try FileManager.default.createDirectory(
            at: place.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(bytes).write(to: place)
    }

    @discardableResult
    func sign(_ options: SigningOptions = SigningOptions(), by credential: SigningCredential? = nil) throws
        -> SignedModel
    {
        let signer = ModelSigner(credential: credential ?? SigningCredential(key: key), options: options)
        let signed = try signer.sign(model: model, signatureFile: signature)
        try Data(signed.bundle).write(to: URL(fileURLWithPath: signature))
        return signed
    }

    func verify(
        _ options: VerificationOptions = VerificationOptions(),
        trust: SignerTrust? = nil,
        at time: Date = Date()
    ) -> ModelVerdict {
        ModelVerifier(trust: trust ?? .key(key.publicKey), options: options, clock: { time })
            .verify(model: model, signature: signature)
    }
}

extension ModelVerdict {
    /// The refusal's code; nil where the model was verified.
    var refusal: ModelRefusal.Code? {
        if case .refused(let refusal) = self { refusal.code } else { nil }
    }
    var verified: VerifiedModel? {
        if case .verified(let model) = self { model } else { nil }
    }
}
