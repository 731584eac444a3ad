/// The command as deployments call it, before each start of a service: a model, the signer's key, and little else.
///
/// To read that takes ArgumentParser a third of what verifying a small model does, from the program's start to its end, and
/// to have its options at hand a twentieth.
extension ModelVerifyRun {
    /// Reads `PATH --public-key KEY [--signature FILE] [--quiet]`, in any order; nil for anything else, which ArgumentParser
    /// reads.
    init?(plain words: ArraySlice<String>) {
        var (path, key, signature): (String?, String?, String?)
        var isQuiet = false
        var rest = words
        while let word = rest.popFirst() {
            switch word {
            case "--public-key" where key == nil: key = rest.popFirst()
            case "--signature" where signature == nil: signature = rest.popFirst()
            case "--quiet" where !isQuiet: isQuiet = true
            case _ where path == nil && !word.hasPrefix("-"): path = word
            default: return nil
            }
        }
        // What begins with a dash is no value, or one that was given in a way that is not plain.
        guard let path, let key, !key.hasPrefix("-"), signature?.hasPrefix("-") != true,
            !words.contains("--signature") || signature != nil
        else { return nil }
        verification = ModelVerification(signature: signature, publicKey: key)
        chatter = Chatter(output: .table, quiet: isQuiet)
        self.path = path
    }
}
