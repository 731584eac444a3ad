import Crypto
import Foundation
import Logging
import ModelTrust
import Resources
import Synchronization
import Testing

@testable import lapwing

@Suite(.timeLimit(.minutes(5))) struct SignedImagesTests {
    private let digest = String(repeating: "9c", count: 32)

    private func rules(_ key: P256.Signing.PrivateKey, _ directory: String) throws -> ImageSignatureRules {
        let text = """
            apiVersion: lapwing.dev/v1alpha1
            kind: ImageSignatures
            metadata: { name: images }
            spec: { directory: \(directory), signers: [{ key: { publicKey: { file: cosign.pub } } }] }
            """
        let documents = try ResourceLoader.load(sources: [("a.yaml", Data(text.utf8))]).documents
        let pem = Array(key.publicKey.pemRepresentation.utf8)
        return try #require(try ImageSignatureRules.load(documents) { _ in pem })
    }

    /// New rules that come while those of before are read by are in force once that is over.
    @Test func `what was read by rules of before does not count by the new ones`() throws {
        let images = try TemporaryDirectory()
        let (key, other) = (P256.Signing.PrivateKey(), P256.Signing.PrivateKey())
        try `Signed images`.bundle(of: digest, by: key).write(to: URL(fileURLWithPath: images.path + "/a.json"))
        let (old, new) = (try rules(key, images.path), try rules(other, images.path))
        let meanwhile = Mutex<(@Sendable () -> Void)?>(nil)
        let signed = SignedImages(
            clock: {
                let body = meanwhile.withLock { $0.take() }
                body?()
                return Date(timeIntervalSince1970: 1_800_000_000)
            },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        signed.follow(old)
        #expect(signed.signers(of: digest).count == 1)
        meanwhile.withLock { $0 = { signed.follow(new) } }
        signed.follow(old)
        #expect(signed.signers(of: digest).isEmpty)
    }

    @Test func `a signature counts while its file is there and its signer is believed`() throws {
        let images = try TemporaryDirectory()
        let (key, other) = (P256.Signing.PrivateKey(), P256.Signing.PrivateKey())
        let file = URL(fileURLWithPath: images.path + "/a.json")
        try `Signed images`.bundle(of: digest, by: key).write(to: file)
        let signed = SignedImages(logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        signed.follow(try rules(key, images.path))
        #expect(signed.signers(of: digest).count == 1 && signed.revision == 1)
        signed.read()
        #expect(signed.revision == 1, "nothing has changed")
        // One that another program is just taking away, or a link to nothing.
        let link = URL(fileURLWithPath: images.path + "/b.json")
        try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: images.path + "/none")
        signed.read()
        #expect(signed.signers(of: digest).count == 1 && signed.revision == 1, "what is not there hides no other")
        try FileManager.default.removeItem(at: link)
        signed.follow(try rules(other, images.path))
        #expect(signed.signers(of: digest).isEmpty && signed.revision == 2)
        signed.follow(try rules(key, images.path))
        try FileManager.default.removeItem(at: file)
        signed.read()
        #expect(signed.signers(of: digest).isEmpty && signed.revision == 4)
        signed.follow(nil)
        #expect(signed.signers(of: digest).isEmpty)
    }
}
