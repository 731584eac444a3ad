import Foundation
import ModelTrust
import Testing

/// The third-party conformance suite of OpenSSF Model Signing: bundles of other tools to verify, and models to sign.
@Suite(.enabled(if: ModelSigningCorpus.isPresent)) struct ModelSigningConformanceTests {
    private struct Case: Decodable {
        struct Signing: Decodable {
            let private_key, signing_cert: String?
            let cert_chain, ignore_paths: [String]?
        }
        struct Verifying: Decodable {
            let public_key, identity, identity_provider: String?
            let cert_chain, ignore_paths: [String]?
            let ignore_unsigned_files: Bool?
        }
        struct Modifications: Decodable {
            let tamper, inject, symlinks: [String: String]?
            let delete: [String]?
        }
        let method, model: String
        let model_relative_to, expect: String?
        let expected_signed_files: [String]?
        let requires_ci, sig_inside_model: Bool?
        let sign: Signing?
        let verify: Verifying
        let model_modifications: Modifications?
    }

    private static let tests = "conformance/test/test-cases/"
    private static let assets = "conformance/test/assets/"

    @Test func `bundles of other tools are verified or refused as the suite says`() throws {
        var tally = Tally("model signing conformance, verify")
        for group in ["positive", "historical", "negative"] {
            for name in try Self.cases(in: "verify/" + group) {
                let folder = try WorkingFolder()
                let directory = Self.tests + "verify/\(group)/\(name)"
                let candidate = try Self.read(directory)
                let model = try Self.copyModel(candidate, directory, to: folder)
                let verdict = try Self.verify(candidate, model, ModelSigningCorpus.path(directory + "/bundle.sig"))
                tally.note("\(name): \(verdict.inWords)", Self.isExpected(verdict, candidate))
            }
        }
        tally.report()
    }

    @Test func `what is signed here verifies, and what cannot be signed is refused`() throws {
        var tally = Tally("model signing conformance, roundtrip")
        for name in try Self.cases(in: "roundtrip") {
            let candidate = try Self.read(Self.tests + "roundtrip/" + name)
            guard candidate.requires_ci != true else {
                print("suite model signing conformance, roundtrip: \(name) needs Sigstore's network: skipped")
                continue
            }
            let folder = try WorkingFolder()
            let model = try Self.copyModel(candidate, "", to: folder)
            let bundle = (candidate.sig_inside_model == true ? model : folder.path) + "/model.sig"
            let verdict: ModelVerdict
            do {
                try Self.sign(candidate, model, bundle)
                verdict = try Self.verify(candidate, model, bundle)
            } catch let refusal as ModelRefusal { verdict = .refused(refusal) }
            tally.note("\(name): \(verdict.inWords)", Self.isExpected(verdict, candidate))
        }
        tally.report()
    }

    // MARK: One case

    private static func cases(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: ModelSigningCorpus.path(tests + folder)).sorted()
    }

    private static func read(_ directory: String) throws -> Case {
        let file = try ModelSigningCorpus.path(directory + "/config.json")
        return try JSONDecoder().decode(Case.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
    }

    /// Whether the verdict is the suite's; where it is a success, whether the files are, too.
    private static func isExpected(_ verdict: ModelVerdict, _ candidate: Case) -> Bool {
        switch verdict {
        case .refused: return candidate.expect == "fail"
        case .verified(let model):
            guard candidate.expect != "fail" else { return false }
            guard let expected = candidate.expected_signed_files else { return true }
            let files = model.files.filter { $0.finding == .verified }.map(\.path.text)
            // A single file has either of two names.
            return files == expected.sorted() || files.count == 1 && expected.count == 1
        }
    }

    private static func copyModel(_ candidate: Case, _ directory: String, to folder: WorkingFolder) throws -> String {
        let root = candidate.model_relative_to == "test_dir" ? directory + "/" : assets
        let name = URL(fileURLWithPath: candidate.model).lastPathComponent
        let model = folder.path + "/" + name
        try FileManager.default.copyItem(atPath: ModelSigningCorpus.path(root + candidate.model), toPath: model)
        let changes = candidate.model_modifications
        for (file, text) in (changes?.tamper ?? [:]).merging(changes?.inject ?? [:], uniquingKeysWith: { $1 }) {
            try Data(text.utf8).write(to: URL(fileURLWithPath: model + "/" + file))
        }
        for file in changes?.delete ?? [] { try FileManager.default.removeItem(atPath: model + "/" + file) }
        for (link, target) in changes?.symlinks ?? [:] {
            try FileManager.default.createSymbolicLink(atPath: model + "/" + link, withDestinationPath: target)
        }
        return model
    }

    private static func sign(_ candidate: Case, _ model: String, _ bundle: String) throws {
        let signing = try #require(candidate.sign)
        let key = try SignerPrivateKey(pem: asset(signing.private_key))
        let credential =
            if let certificate = signing.signing_cert {
                try SigningCredential(
                    key: key,
                    certificatesPEM: [asset(certificate)] + (signing.cert_chain ?? []).map(asset)
                )
            } else { SigningCredential(key: key) }
        var options = SigningOptions()
        options.ignoredPaths = signing.ignore_paths ?? candidate.verify.ignore_paths ?? []
        let signer = ModelSigner(credential: credential, options: options)
        let signed = try signer.sign(model: model, signatureFile: bundle)
        try Data(signed.bundle).write(to: URL(fileURLWithPath: bundle))
        // Signed again, it is the same statement.
        let again = try signer.sign(model: model, signatureFile: bundle)
        #expect(again.rootDigest == signed.rootDigest && again.files == signed.files)
    }

    private static func verify(_ candidate: Case, _ model: String, _ bundle: String) throws -> ModelVerdict {
        var options = VerificationOptions()
        options.readsLegacyFormat = true
        options.ignoredPaths = candidate.verify.ignore_paths ?? []
        options.toleratesUnsignedFiles = candidate.verify.ignore_unsigned_files ?? false
        do {
            return ModelVerifier(trust: try trust(candidate), options: options).verify(model: model, signature: bundle)
        } catch let refusal as ModelRefusal { return .refused(refusal) }
    }

    private static func trust(_ candidate: Case) throws -> SignerTrust {
        switch candidate.method {
        case "key":
            guard let pem = try? asset(candidate.verify.public_key) else {
                throw ModelRefusal(.unreadable, "the suite does not have the key")
            }
            return .key(try SignerKey(pem: pem))
        case "certificate":
            return .certificate(try CertificateTrust(pem: (candidate.verify.cert_chain ?? []).map(asset)))
        default:
            let root = try TrustedRoot(json: Array(ModelSigningCorpus.text("sigstore-root/prod.json").utf8))
            return .sigstore(
                SigstoreTrust(
                    root: root,
                    identities: candidate.verify.identity.map { [IdentityPattern($0)].compactMap(\.self) },
                    issuers: candidate.verify.identity_provider.map { [$0] }
                )
            )
        }
    }

    private static func asset(_ name: String?) throws -> String { try ModelSigningCorpus.text(assets + #require(name)) }
}
