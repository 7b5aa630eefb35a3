"""template FILE: holds a CloudFormation template against cfn-lint (any finding is an error, but for mere information) and prints it as JSON, short forms written out."""
import json
import sys

import cfnlint.api
import cfnlint.decode

path = sys.argv[1]
text = open(path, encoding="utf-8").read()
found = [f"{path}:{m.linenumber}: {m.rule.id} {m.message}" for m in cfnlint.api.lint_all(text) if m.rule.severity != "informational"]
template, wrong = cfnlint.decode.decode(path)
found += [f"{path}: {m.message}" for m in wrong or []]
print("\n".join(found), file=sys.stderr)
json.dump(template, sys.stdout, default=str)
sys.exit(1 if found else 0)
