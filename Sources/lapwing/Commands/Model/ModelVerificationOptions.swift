import ArgumentParser

/// Whose signature of a model counts, and what is allowed beside what was signed.
struct ModelVerificationOptions: ParsableArguments {
    @Option(help: "The signature; PATH.sig unless said.", completion: .file())
    var signature: String?

    @Option(help: "The signer's public key in PEM.", completion: .file())
    var publicKey: String?

    @Option(
        name: [.customLong("certificate-chain"), .customLong("certificate_chain")],
        help: "Certificates that are trusted, in PEM: self-signed ones, and others on the way; may be repeated.",
        completion: .file()
    )
    var certificateChain: [String] = []

    @Option(
        help: "A Sigstore instance's trusted_root.json: its keyless signatures are verified offline.",
        completion: .file()
    )
    var trustedRoot: String?

    @Option(help: "A trust domain's bundle in PEM: its workloads' signatures are verified.", completion: .file())
    var spiffeBundle: String?

    @Option(help: "The trust domain of --spiffe-bundle.")
    var trustDomain: String?

    @Option(help: "Certificates of an RFC 3161 authority in PEM, whose timestamps count.", completion: .file())
    var timestampAuthority: String?

    @Option(help: "Who may have signed: a mail address, URI, SPIFFE ID (or one with /*); may be repeated.")
    var identity: [String] = []

    @Option(
        name: [.customLong("issuer"), .customLong("identity-provider"), .customLong("identity_provider")],
        help: "Who has to have vouched for a Sigstore identity."
    )
    var issuer: [String] = []

    @Option(
        help: "ModelTrustPolicy resources, a file or a directory: they say whose signatures count.",
        completion: .file()
    )
    var policy: String?

    @Option(help: "The model's name, by which --policy is looked up.")
    var name: String?

    @Option(
        name: [.customLong("ignore-paths"), .customLong("ignore_paths")],
        help: "A path in the model where unsigned files may lie; may be repeated.",
        completion: .file()
    )
    var ignorePaths: [String] = []

    @Flag(inversion: .prefixedNo, help: "Let .git and its like at the top hold what was not signed.")
    var ignoreGitPaths = true

    @Flag(
        name: [.customLong("ignore-unsigned-files"), .customLong("ignore_unsigned_files")],
        help: "Let unsigned files lie in the model."
    )
    var ignoreUnsignedFiles = false

    @Flag(
        name: [.customLong("allow-symlinks"), .customLong("allow_symlinks")],
        inversion: .prefixedNo,
        help: "Follow links that the signer followed and that stay within the model."
    )
    var allowSymlinks = true

    @Flag(help: "Read signatures of the deprecated format of model_signing 0.2.0.")
    var legacy = false

    @Flag(help: "Let the signed list of files stand in any order.")
    var lenientOrder = false

    func validate() throws {
        let given = [publicKey, certificateChain.first, trustedRoot, spiffeBundle, policy].compactMap(\.self)
        guard given.count == 1 else {
            throw ValidationError(
                "give one of --public-key, --certificate-chain, --trusted-root, --spiffe-bundle and --policy"
            )
        }
        guard (spiffeBundle == nil) == (trustDomain == nil) else {
            throw ValidationError("--spiffe-bundle and --trust-domain go together")
        }
        guard (policy == nil) == (name == nil) else { throw ValidationError("--policy and --name go together") }
        guard trustedRoot == nil || !identity.isEmpty && !issuer.isEmpty else {
            throw ValidationError("--trusted-root needs --identity and --issuer: Sigstore vouches for anybody")
        }
        guard spiffeBundle == nil || !identity.isEmpty else {
            throw ValidationError("--spiffe-bundle needs --identity: not every workload may sign models")
        }
        guard identity.isEmpty || publicKey == nil && policy == nil else {
            throw ValidationError("--identity has no place beside --public-key or --policy")
        }
        guard issuer.isEmpty || trustedRoot != nil else { throw ValidationError("--issuer goes with --trusted-root") }
        guard timestampAuthority == nil || !certificateChain.isEmpty || spiffeBundle != nil else {
            throw ValidationError("--timestamp-authority goes with --certificate-chain or --spiffe-bundle")
        }
    }

    /// What the options say.
    var verification: ModelVerification {
        ModelVerification(
            signature: signature,
            publicKey: publicKey,
            certificateChain: certificateChain,
            trustedRoot: trustedRoot,
            spiffeBundle: spiffeBundle,
            trustDomain: trustDomain,
            timestampAuthority: timestampAuthority,
            identity: identity,
            issuer: issuer,
            policy: policy,
            name: name,
            ignorePaths: ignorePaths,
            ignoreGitPaths: ignoreGitPaths,
            ignoreUnsignedFiles: ignoreUnsignedFiles,
            allowSymlinks: allowSymlinks,
            legacy: legacy,
            lenientOrder: lenientOrder
        )
    }
}
