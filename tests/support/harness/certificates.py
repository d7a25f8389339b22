"""Certificates for the tests, by openssl: an authority of its own and what it signs."""
import base64
import dataclasses
import hashlib
import pathlib
import subprocess


def openssl(*words, given=None):
    return subprocess.run(["openssl", *map(str, words)], check=True, input=given,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30).stdout


@dataclasses.dataclass(frozen=True)
class Certificate:
    cert: pathlib.Path
    key: pathlib.Path

    def pin(self):
        """As RFC 7858 §4.2 and our configuration write it."""
        public = openssl("x509", "-in", self.cert, "-noout", "-pubkey")
        der = openssl("pkey", "-pubin", "-outform", "DER", given=public)
        return "sha256/" + base64.b64encode(hashlib.sha256(der).digest()).decode()


class Authority:
    def __init__(self, folder, name="tests"):
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir(parents=True)
        self.ca = self.folder / "ca.pem"
        self.ca_key = self.folder / "ca.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "2", "-subj", f"/CN={name}", "-keyout", self.ca_key, "-out", self.ca)

    def issue(self, host, days=1):
        """A certificate for this name; with days < 0 it has run out."""
        cert, key = self.folder / f"{host}.pem", self.folder / f"{host}.key"
        request, extension = self.folder / f"{host}.csr", self.folder / f"{host}.ext"
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                f"/CN={host}", "-keyout", key, "-out", request)
        extension.write_text(f"subjectAltName=DNS:{host}\n")
        openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.ca_key,
                "-CAcreateserial", "-days", days, "-extfile", extension, "-out", cert)
        return Certificate(cert, key)
