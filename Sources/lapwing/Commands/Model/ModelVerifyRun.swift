import ArgumentParser
import Foundation
import ModelTrust

/// One run of `lapwing model verify`.
struct ModelVerifyRun {
    let path: String
    let verification: ModelVerification
    let chatter: Chatter

    func run() throws {
        let model = ModelPathArgument(path)
        let bar = chatter.bar("verifying")
        let signature = verification.signature ?? model.path + ".sig"
        MappedFiles.endWithoutThem()
        let verdict = try verification.verifier(of: model, mapsFiles: true, chatter, bar)
            .verify(model: model.path, signature: signature)
        bar?.finish()
        try report(verdict, model.path, signature)
    }

    private func report(_ verdict: ModelVerdict, _ path: String, _ signature: String) throws {
        switch (verdict, chatter.output) {
        case (_, .json): try StandardOutput.write(json: ModelVerdictRow(verdict, model: path))
        case (.verified(let model), .table):
            for warning in model.warnings { chatter.say("warning: \(warning)") }
            let files = model.files.count { $0.finding == .verified }
            let time = model.signer.signedBy.map { ", before \($0.formatted(.iso8601))" } ?? ""
            StandardOutput.write(
                "verified: \(counted(files, "file")), \(model.size) bytes, signed by \(model.signer.identity) "
                    + "(\(model.signer.method.rawValue))\(time)\nsha256:\(model.rootDigest)"
            )
        case (.refused(let refusal), .table):
            StandardError.write("lapwing: refused: \(refusal.message) (\(refusal.code.rawValue))")
            for file in refusal.files where file.finding != .verified && file.finding != .tolerated {
                StandardError.write("  \(file.finding.rawValue): \(file.detail ?? file.path.text)")
            }
            if refusal.code == .unreadable, FileManager.default.fileExists(atPath: path),
                !FileManager.default.fileExists(atPath: signature)
            {
                StandardError.write("  `lapwing model sign` makes a signature; --signature says where one is")
            }
        }
        if case .refused = verdict { throw ExitCode(ExitStatus.unverified.rawValue) }
    }
}
