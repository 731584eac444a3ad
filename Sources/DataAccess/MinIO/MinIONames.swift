/// The names by which MinIO knows components.
enum MinIONames {
    /// The policy of each component, by the component's name.
    ///
    /// MinIO gives whoever logs in with a client certificate (`AssumeRoleWithCertificate`) the policy that has the name of
    /// its CN. It is the name of the component's role in PostgreSQL, so that one certificate does for both.
    static func policies(_ estate: Estate) -> [String: String] {
        let names = estate.components.map(\.name)
        return Dictionary(zip(names, PostgreSQLNames.roles(names))) { first, _ in first }
    }
}
