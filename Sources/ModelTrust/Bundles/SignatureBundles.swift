/// Tells Sigstore bundles from other files.
public enum SignatureBundles {
    /// Whether bytes are a bundle by its form; whose signature it holds, and of what, is not looked at.
    public static func isBundle(_ bytes: [UInt8]) -> Bool {
        do throws(ModelRefusal) {
            _ = try SignatureBundle(bytes)
            return true
        } catch {
            return false
        }
    }
}
