"""A certificate authority of the test's own and a server certificate for AWS's names."""
import ssl
import subprocess

REGIONS = ("us-east-1", "us-west-2", "eu-west-1", "eu-central-1")
SERVICES = ("cloudformation", "ssm", "secretsmanager", "sts", "ec2", "s3", "kms")
NAMES = (["localhost", "*.s3.amazonaws.com", "s3.amazonaws.com", "sts.amazonaws.com", "*.amazonaws.com"]
         + [f"{s}.{r}.amazonaws.com" for r in REGIONS for s in SERVICES] + [f"*.s3.{r}.amazonaws.com" for r in REGIONS]
         + ["cloudformation.cn-north-1.amazonaws.com.cn", "cloudformation.us-gov-west-1.amazonaws.com"])


def context(directory):
    """- Parameters: directory: keeps ca.pem, server.pem and server.key; what is there is used again."""
    directory.mkdir(parents=True, exist_ok=True)
    if not (directory / "server.pem").exists():
        create(directory)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(directory / "server.pem", directory / "server.key")
    return made


def create(directory):
    def openssl(*words):
        done = subprocess.run(["openssl", *words], cwd=directory, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"openssl {' '.join(words)}: {done.stderr}")

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "3650", "-subj", "/CN=AWS stand-in CA",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=AWS stand-in")
    names = ",".join([f"DNS:{n}" for n in NAMES] + ["IP:127.0.0.1", "IP:127.0.0.2", "IP:::1"])
    (directory / "server.ext").write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "server.pem", "-days", "3650",
            "-extfile", "server.ext")
    for name in ("server.csr", "server.ext", "ca.srl"):
        (directory / name).unlink(missing_ok=True)
