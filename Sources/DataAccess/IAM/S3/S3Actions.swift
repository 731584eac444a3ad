/// The actions of S3, what each is about, and what it does there (AWS Service Authorization Reference, "Amazon S3").
enum S3Actions {
    /// What an action is about.
    enum Kind: String, Sendable {
        /// An object.
        case object
        /// A bucket.
        case bucket
        /// Something else: an access point, a job, …
        case other
        /// None.
        case none
    }

    /// What an action does to data.
    enum Effect: Sendable {
        /// It shows what objects hold, or that they exist.
        case reads
        /// It changes, adds or takes away objects.
        case writes
        /// It changes who may do what, or where data goes.
        case administers
    }

    /// What an action, in lower case and without `s3:`, is about; nil for one that S3 does not have here.
    static func kind(of action: String) -> Kind? {
        if objects[action] != nil { return .object }
        if buckets[action] != nil { return .bucket }
        return aboutNone.contains(action) ? Kind.none : others.contains(action) ? .other : nil
    }

    /// Actions on objects, with what they do.
    static let objects: [String: Effect] = table([
        (.reads, "getobject getobjectacl getobjectattributes getobjectlegalhold getobjectretention getobjecttagging"),
        (.reads, "getobjecttorrent getobjectversion getobjectversionacl getobjectversionattributes"),
        (.reads, "getobjectversionforreplication getobjectversiontagging getobjectversiontorrent"),
        // The parts of an upload that is under way: their sizes, for who writes them.
        (.writes, "listmultipartuploadparts"),
        (.writes, "abortmultipartupload deleteobject deleteobjecttagging deleteobjectversion"),
        (.writes, "deleteobjectversiontagging putobject putobjectlegalhold putobjectretention putobjecttagging"),
        (.writes, "putobjectversiontagging replicatedelete replicateobject replicatetags restoreobject"),
        (.writes, "initiatereplication"),
        (.administers, "bypassgovernanceretention objectowneroverridetobucketowner putobjectacl putobjectversionacl"),
    ])

    /// Actions on buckets, with what they do.
    static let buckets: [String: Effect] = table([
        (.reads, "listbucket listbucketversions listbucketmultipartuploads getbucketlocation getbucketversioning"),
        (.reads, "getaccelerateconfiguration getanalyticsconfiguration getbucketacl getbucketcors getbucketlogging"),
        (.reads, "getbucketmetadatatableconfiguration getbucketnotification getbucketobjectlockconfiguration"),
        (.reads, "getbucketownershipcontrols getbucketpolicy getbucketpolicystatus getbucketpublicaccessblock"),
        (.reads, "getbucketrequestpayment getbuckettagging getbucketwebsite getencryptionconfiguration"),
        (.reads, "getintelligenttieringconfiguration getinventoryconfiguration getlifecycleconfiguration"),
        (.reads, "getmetricsconfiguration getreplicationconfiguration"),
        (.writes, "createbucket deletebucket createbucketmetadatatableconfiguration"),
        (.writes, "deletebucketmetadatatableconfiguration deletebucketwebsite putaccelerateconfiguration"),
        (.writes, "putanalyticsconfiguration putbucketcors putbucketrequestpayment putbuckettagging"),
        (.writes, "putbucketversioning putbucketwebsite putencryptionconfiguration"),
        (.writes, "putintelligenttieringconfiguration putmetricsconfiguration pausereplication"),
        (
            .administers,
            "deletebucketpolicy putbucketacl putbucketlogging putbucketnotification putbucketownershipcontrols"
        ),
        (.administers, "putbucketobjectlockconfiguration putbucketpolicy putbucketpublicaccessblock"),
        (.administers, "putinventoryconfiguration putlifecycleconfiguration putreplicationconfiguration"),
    ])

    private static let aboutNone = names(
        "createjob createstoragelensgroup getaccesspoint getaccountpublicaccessblock listaccessgrantsinstances "
            + "listaccesspoints listaccesspointsforobjectlambda listallmybuckets listjobs listmultiregionaccesspoints "
            + "liststoragelensconfigurations liststoragelensgroups putaccesspointpublicaccessblock "
            + "putaccountpublicaccessblock putstoragelensconfiguration"
    )

    private static let others = names(
        "createaccesspoint deleteaccesspoint deleteaccesspointpolicy getaccesspointpolicy getaccesspointpolicystatus "
            + "putaccesspointpolicy createaccesspointforobjectlambda describejob updatejobpriority updatejobstatus "
            + "createmultiregionaccesspoint createaccessgrant createaccessgrantsinstance getdataaccess"
    )

    private static func names(_ text: String) -> Set<String> { Set(text.split(separator: " ").map(String.init)) }

    private static func table(_ rows: [(Effect, String)]) -> [String: Effect] {
        Dictionary(uniqueKeysWithValues: rows.flatMap { row in names(row.1).map { ($0, row.0) } })
    }
}
