#!/usr/bin/env python3
"""aws.py: CloudFormation, Parameter Store, Secrets Manager, S3, Route 53, STS and the tags of EC2 for tests, with instance metadata beside it.

Prints one line of JSON when it is ready (ports, keys, the seed) and ends when its standard input does. README.md says the rest."""
import argparse
import ctypes
import json
import os
import pathlib
import secrets
import sys

from standin import tls
from standin.control import Control
from standin.http import Server
from standin.moto_backend import Moto
from standin.service import Service


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="127.0.0.1", help="where to listen")
    parser.add_argument("--port", type=int, default=0, help="for HTTP; 0: any free one")
    parser.add_argument("--tls", metavar="DIR", type=pathlib.Path, help="serves HTTPS too; DIR gets ca.pem, whose server certificate holds for AWS's names")
    parser.add_argument("--tls-port", type=int, default=0)
    parser.add_argument("--tls-address", help="where HTTPS listens, if not at --address")
    parser.add_argument("--imds-address", action="append", help="where instance metadata listens; may be repeated, also ::1")
    parser.add_argument("--imds-port", type=int, default=0)
    parser.add_argument("--extra-address", action="append", default=[], help="listens there too, on the same port (127.0.0.2 as another region)")
    parser.add_argument("--namespace", metavar="FILE", help="a network namespace (/proc/PID/ns/net) where HTTPS and instance metadata listen; HTTP stays here")
    parser.add_argument("--state", metavar="DIR", type=pathlib.Path, help="gets requests.jsonl, a line for each request")
    parser.add_argument("--fixture", metavar="FILE", type=pathlib.Path, help="JSON: each key the name of a POST of the control API")
    parser.add_argument("--seed", type=int, default=None, help="of the shuffling; else drawn and printed")
    return parser.parse_args()


def main():
    options = arguments()
    journal = None
    if options.state:
        options.state.mkdir(parents=True, exist_ok=True)
        journal = open(options.state / "requests.jsonl", "a", encoding="utf-8")
    moto = Moto()
    service = Service(moto, journal)
    service.control = Control(service)
    service.control.set_seed(options.seed if options.seed is not None else secrets.randbelow(2**32))
    moto.warm()
    if options.fixture:
        service.control.apply(json.loads(options.fixture.read_text()))
    http = Server((options.address, options.port), service.aws, service.state.now).start()
    for address in options.extra_address:
        Server((address, http.port), service.aws, service.state.now).start()
    ready = {"port": http.port, "url": f"http://{shown(options.address)}:{http.port}"}
    if options.namespace:
        enter(options.namespace)
    if options.tls:
        context = tls.context(options.tls)
        secure = Server((options.tls_address or options.address, options.tls_port), service.aws, service.state.now, context, lambda text: print(text, file=sys.stderr)).start()
        ready |= {"tlsPort": secure.port, "tlsURL": f"https://{shown(options.tls_address or options.address)}:{secure.port}", "ca": str(options.tls / "ca.pem")}
    port, addresses = options.imds_port, options.imds_address or ["127.0.0.1"]
    for address in addresses:
        port = Server((address, port), service.imds, service.state.now).start().port
    static = service.state.credentials["AKIASTANDIN"]
    ready |= {"imdsPort": port, "imdsURL": f"http://{shown(addresses[0])}:{port}", "pid": os.getpid(), "seed": service.state.seed,
              "accessKeyId": static.key, "secretAccessKey": static.secret, "instanceId": service.metadata.settings["instanceId"]}
    print(json.dumps(ready), flush=True)
    while sys.stdin.buffer.read1(4096):
        pass


def enter(namespace):
    """What this thread listens to from here on is in there; os.setns came with Python 3.12."""
    with open(namespace, "rb") as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), 0x40000000):  # CLONE_NEWNET
            raise OSError(ctypes.get_errno(), f"{namespace}: {os.strerror(ctypes.get_errno())}")


def shown(address):
    return f"[{address}]" if ":" in address else address


if __name__ == "__main__":
    main()
