/// Judges what a Hydra configuration names under `_target_`.
enum HydraTargets {
    /// Libraries whose classes build models and nothing else.
    ///
    /// What of them takes a path, a command or a name to call is
    /// not among the classes that begin with a capital letter.
    private static let libraries: Set<String> = [
        "torch", "nemo", "pytorch_lightning", "lightning", "transformers", "torchmetrics",
    ]
    private static let modules: Set<String> = [
        "nn", "optim", "collections", "core", "callbacks", "schedulers", "lr_scheduler",
    ]

    /// A class of a known library's own modules is only not proven; anything else is unsafe.
    static func verdict(_ target: String) -> ScanVerdict {
        let parts = target.split(separator: ".").map(String.init)
        guard parts.count >= 3, libraries.contains(parts[0]), modules.contains(parts[1]),
            parts.last?.first?.isUppercase == true, !parts.contains(where: { $0.hasPrefix("_") })
        else { return .unsafe }
        return .notProven
    }
}
