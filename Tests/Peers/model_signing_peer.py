"""Signs or verifies a model with OpenSSF's own library: sign|verify MODEL SIGNATURE KEY [HASH]."""
import sys
import warnings

warnings.simplefilter("ignore")
from model_signing import hashing, signing, verifying

action, model, signature, key = sys.argv[1:5]
algorithm = sys.argv[5] if len(sys.argv) > 5 else "sha256"
configuration = hashing.Config().use_file_serialization(hashing_algorithm=algorithm)
# What the signature leaves out is left out, but for its own paths.
configuration.set_ignored_paths(paths=[], ignore_git_paths=True)
if action == "sign":
    signing.Config().use_elliptic_key_signer(private_key=key).set_hashing_config(configuration).sign(model, signature)
else:
    verifying.Config().use_elliptic_key_verifier(public_key=key).set_hashing_config(configuration).verify(
        model, signature
    )
