import DataAccess
import Resources

/// The reference estate in a cluster with a mesh.
enum ClusterEstate {
    static let addresses = ", addresses: {aws: [10.9.0.0/24, 'fd12:9::/64']}"

    static func yaml(addresses: String = addresses, more: String = "") -> String {
        ReferenceEstate.yaml.replacing(
            "enforcement:\n",
            with: """
                invariants:
                - {id: I5, never: {component: inference, reach: internet}}
                - {id: I6, never: {component: inference, call: {not: [model-registry.read]}, except: {read: features}}}
                - {id: I9, never: {component: "*", call: {api: [model-registry.publish]}, except: {call: model-registry.publish}}}
                enforcement:
                  k8s: {networkPolicy: true, istio: {mode: sidecar}\(addresses)}
                \(more)
                """
        )
    }

    static func load(_ yaml: String = yaml()) throws -> Estate { try EstateExample.load(yaml) }

    static func documents(_ estate: Estate) throws -> [Document] {
        try KubernetesEmitter(estate).files().flatMap { try ResourceLoader.parse(yaml: $0.text, file: $0.path) }
    }
}
