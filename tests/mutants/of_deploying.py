"""Mutants of the code for deployments: the active receipt rule set, the answer to CloudFormation, a CDN's header."""

from tests.mutants.mutant import Mutant

OF_DEPLOYING = (
    Mutant(
        "rule sets: another stack's rule set is replaced",
        'if active not in {"", rule_set, before}:',
        "if active is None:",
        "test_activation.py test_activate_rules.py",
    ),
    Mutant(
        "rule sets: another's is deactivated",
        "    if clients.receipt_rules().active() in rule_sets:\n",
        "    if clients.receipt_rules().active():\n",
        "test_activation.py test_activate_rules.py",
    ),
    Mutant(
        "rule sets: ours stays active when the stack is deleted",
        '        activation.deactivate(event["PhysicalResourceId"], rule_set)\n',
        "",
        "test_activate_rules.py",
    ),
    Mutant(
        "CloudFormation: no answer when something fails",
        'cloudformation.refuse(event, f"{summary(error)}; the log of the function says more", _rule_set(event))',
        "raise",
        "test_activate_rules.py",
    ),
    Mutant(
        "CloudFormation: the answer has a header that S3 refuses",
        '{"Content-Type": ""}',
        "{}",
        "test_activate_rules.py",
    ),
    Mutant(
        "logs: the denied action is left out",
        'return found[1] if found else ""',
        'return ""',
        "test_log.py -k g2",
    ),
    Mutant(
        "logs: AWS's whole text replaces the denied action",
        'return found[1] if found else ""',
        "return found.string if found else ''",
        "test_log.py -k g2",
    ),
    Mutant(
        "CDN: a header is trusted that is not configured",
        'str(self.current_event.headers.get(header, "")) if header else ""',
        'str(self.current_event.headers.get(header or "cf-connecting-ip", ""))',
        "test_first_deployment.py -k n7",
    ),
    Mutant(
        "CDN: its header is not read",
        "return limits.visitor(",
        "return connected or limits.visitor(",
        "test_first_deployment.py -k n7",
    ),
    Mutant(
        "CDN: the port counts as a part of the address",
        'for text in (told, told.rpartition(":")[0]):',
        "for text in (told,):",
        "test_limits.py test_first_deployment.py -k n7",
    ),
    Mutant(
        "rule sets: ours stays active after a Create that CloudFormation has not heard of",
        'activation.deactivate(event["PhysicalResourceId"], rule_set)',
        'activation.deactivate(event["PhysicalResourceId"])',
        "test_activate_rules.py",
    ),
    Mutant(
        "CDN: an address with a scope id is taken",
        'if not getattr(address, "scope_id", None):',
        "if address:",
        "test_limits.py test_first_deployment.py -k n7",
    ),
    Mutant(
        "CDN: every IPv4 address in IPv6 form is one network",
        "if isinstance(address, IPv6Address) and address.ipv4_mapped:",
        "if isinstance(address, IPv6Address) and not address.packed:",
        "test_limits.py",
    ),
)
