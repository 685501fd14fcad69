"""Sign a firmware image, as `PUT /firmware/{image}/signature` takes it: JSON."""

import json
from pathlib import Path

from ocpp16.security.configuration import KeyPair
from ocpp16.security.firmware_signature import sign_firmware

signature, certificate = sign_firmware(Path("v2.bin"), KeyPair("signing.pem", "signing.key"))
print(json.dumps({"signature": signature, "signingCertificate": certificate}))
