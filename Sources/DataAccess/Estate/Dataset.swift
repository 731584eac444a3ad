public import Resources

extension Estate {
    /// Data of one kind: who makes it, how closed it is, what it is for, and where it lies.
    public struct Dataset: Hashable, Sendable {
        /// The name, unique in the estate: `training-data`.
        public let name: String
        /// The only component that writes it.
        public let producer: String
        /// How closed it is.
        public let classification: String
        /// What it may be used for.
        public let purposes: [String]
        /// The purposes for which it may be read to make other datasets of it, which are then classified for themselves.
        public let derivable: [String]
        /// Where it lies.
        public let stores: [Store]
        /// Whether what is read of it has to be signed by its producer.
        public let isSigned: Bool
        /// Where it is written.
        public let location: SourceLocation
    }

    /// A place where a dataset lies.
    public enum Store: Hashable, Sendable {
        /// Objects of an S3 bucket.
        case s3(ObjectStore)
        /// A table of a PostgreSQL database.
        case postgres(Table)
    }

    /// The objects of an S3 bucket, or those under a prefix.
    public struct ObjectStore: Hashable, Sendable {
        /// The bucket.
        public let bucket: String
        /// What the keys begin with; empty for all of them.
        public let prefix: String
        /// What the producer may do to it.
        public let mode: WriteMode
    }

    /// A table of a PostgreSQL database.
    public struct Table: Hashable, Sendable {
        /// The database.
        public let database: String
        /// The schema.
        public let schema: String
        /// The table's name in it.
        public let name: String
        /// The columns that readers of a purpose see, by purpose; those of a purpose below see what it sees, and those of
        /// others see all.
        public let columnsByPurpose: [String: [String]]
        /// What the producer may do to it.
        public let mode: WriteMode
        /// Whether rows of other datasets lie in it, too: each then says in the columns `dataset`, `producer`, `purposes`
        /// and `classification` what it is.
        public let isShared: Bool
    }

    /// What a producer may do to what it has written.
    public enum WriteMode: String, Hashable, Sendable, CaseIterable {
        /// It may add, change and delete.
        case full
        /// It may only add.
        case append
    }

    /// A model: which dataset holds it, what it was made of, and who serves it.
    public struct Model: Hashable, Sendable {
        /// The name, unique in the estate.
        public let name: String
        /// The dataset that it lies in.
        public let dataset: String
        /// What its keys begin with in that dataset.
        public let prefix: String
        /// The datasets that it was trained on.
        public let trainedOn: [String]
        /// The components that load it.
        public let servedBy: [String]
        /// Where it is written.
        public let location: SourceLocation
    }
}
