/// Why an upstream is not believed to have loaded the model that it has to.
enum UnprovenModel: String, Error {
    /// Nobody proves that it has loaded any: its certificate names none, or no loader vouches for its process.
    case noProof = "no_proof"
    /// What it has loaded is another model, or one that somebody else signed.
    case otherModel = "other_model"
    /// It was proved, and is no longer.
    case withdrawn
    /// The one who holds the proofs could not be asked, or the upstream has not accepted the connection in time.
    case unknown
}
