"""Tests a first deployment into an account with other uses, its outputs, and the steps of docs/aws.md."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.validate import ParamValidator

from local_cloud.cloud import PARAMETERS, TEMPLATE, World
from local_cloud.intrinsics import Resolver, TemplateError
from local_cloud.template import resolved
from tests.conftest import MONDAY
from tests.people import Person
from tests.stories import next_email

ROOT = TEMPLATE.parent
MADE = {name: (name, {"Id": name}) for name in ("SigningSecret",)}
RECORD = re.compile(r'(?P<name>[\w.-]+)\. (?P<kind>CNAME|MX|TXT) (?P<value>\d+ [\w.-]+\.|[\w.-]+\.|"[^"]+")')


def docs() -> str:
    return (ROOT / "docs" / "aws.md").read_text("utf-8")


def deployed(region: str = "eu-west-1", stack: str = "email-course", **given: str) -> Resolver:
    """Returns the template with these parameters, resolved for a region and a stack's name."""
    return resolved(TEMPLATE, PARAMETERS | given, MADE, {"AWS::Region": region, "AWS::StackName": stack})


def identities(resources: Resolver) -> set[str]:
    """Returns the domains of the SES identities that the stack makes."""
    return {given["EmailIdentity"] for _, given in resources.resources("AWS::SES::EmailIdentity")}


def records(resources: Resolver) -> dict[tuple[str, str], list[str]]:
    """Returns the records of the output, by name and type, without its comments."""
    found: dict[tuple[str, str], list[str]] = {}
    for line in resources.outputs()["DnsRecords"].splitlines():
        if not line.startswith(";"):
            record = RECORD.fullmatch(line)
            assert record, line
            found.setdefault((record["name"], record["kind"]), []).append(record["value"])
    return found


# ---------------------------------------------------------------- identities


def test_n1_a_reply_reaches_the_course_since_its_domain_is_verified(world: World) -> None:
    ann = Person(world).joins()
    assert identities(world.resources) == {"mail.example.org", "reply.example.org"}
    ann.replies("I listened.")
    assert [row["text"] for row in ann.reflections] == ["I listened."]


def test_n1_ses_refuses_mail_to_a_domain_that_is_not_verified() -> None:
    """The DNS records are not set, or the identity is missing."""
    with World(start=MONDAY, parameters={"MakeReplyIdentity": "no"}) as world:
        ann = Person(world).joins()
        raw = b"From: ann@example.net\r\n\r\nI listened."
        assert not world.deliver(raw, ann.emails[-1].reply_to[0]).matched
        assert not ann.reflections
        world.clients.sesv2.create_email_identity(EmailIdentity=PARAMETERS["ReplyDomain"])
        assert world.deliver(raw, ann.emails[-1].reply_to[0]).matched
        world.ses.unverified.add(PARAMETERS["ReplyDomain"])
        assert not world.deliver(raw, ann.emails[-1].reply_to[0]).matched


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({}, {"mail.example.org", "reply.example.org"}),
        ({"MakeSenderIdentity": "no"}, {"reply.example.org"}),
        ({"MakeReplyIdentity": "no"}, {"mail.example.org"}),
        ({"MakeSenderIdentity": "no", "MakeReplyIdentity": "no"}, set()),
        ({"ReplyDomain": "mail.example.org"}, {"mail.example.org"}),
    ],
    ids=["both are made", "sender's exists", "reply domain's exists", "both exist", "one domain"],
)
def test_n2_an_identity_that_exists_already_is_neither_made_nor_deleted(given: dict[str, str], made: set[str]) -> None:
    resources = deployed(**given)
    assert identities(resources) == made
    assert len(list(resources.resources("AWS::SES::EmailIdentity"))) == len(made)
    assert {name.partition("_domainkey.")[2] for name, kind in records(resources) if kind == "CNAME"} == made


# ---------------------------------------------------------------- refusals before anything is made


def test_n4_a_region_in_which_ses_receives_no_mail_is_refused_with_the_list() -> None:
    (why,) = deployed(region="ap-east-1").refusals()
    listed = re.findall(r"[a-z]{2}-[a-z]+-\d", why)
    assert len(listed) == len(set(listed)) == 22
    for region in listed:
        assert not list(deployed(region=region).refusals()), region
    rule = deployed().template["Rules"]["SesReceivesMailInThisRegion"]
    assert set(re.findall(r"'([a-z]{2}-[a-z]+-\d)'", str(rule["Assertions"][0]["Assert"]))) == set(listed)
    assert not list(deployed(region="ap-east-1", NewReceivingRegion="ap-east-1").refusals())
    assert list(deployed(region="ap-east-1", NewReceivingRegion="ap-east-2").refusals()) == [why]


def test_n4_a_stack_whose_name_makes_another_too_long_is_refused() -> None:
    longest = 64 - len("-dispatch")
    assert not list(deployed(stack="a" * longest).refusals())
    (why,) = deployed(stack="a" * (longest + 1)).refusals()
    assert "-dispatch' has 65 characters, and AWS accepts 64" in why


def test_n4_the_local_cloud_refuses_as_cloudformation_does(tmp_path: Path) -> None:
    text = TEMPLATE.read_text("utf-8")
    assert text.count("                  - eu-west-1\n") == 1
    (tmp_path / "template.yaml").write_text(text.replace("                  - eu-west-1\n", ""), "utf-8")
    for folder in ("functions", "emails"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    with pytest.raises(TemplateError, match="SES receives no mail in this region"):
        World(tmp_path / "template.yaml").__enter__()


# ---------------------------------------------------------------- the address of the pages


@pytest.fixture
def without_a_domain() -> Iterator[World]:
    with World(start=MONDAY, parameters={"SiteUrl": ""}) as world:
        yield world
        assert not world.failures


def test_n6_without_a_domain_the_links_lead_to_the_api(without_a_domain: World) -> None:
    """Already in the first deployment: functions that write emails have the API's address, and pages need none."""
    world = without_a_domain
    api = world.resources.outputs()["ApiUrl"]
    assert world.site_url == api
    sites = {name: it.environment["SITE_URL"] for name, it in world.functions.by_name.items()}
    assert {name for name, site in sites.items() if site} == {"send", "receive_reply", "audit"}
    ann = Person(world).joins()
    lesson = next_email(world)
    for email in (*ann.emails, lesson):
        ours = [url for _, url in email.links() if "example.org" not in url and "execute-api" in url]
        assert ours
        assert {url for url in ours if not url.startswith(f"{api}/")} == set()
        assert "https:///" not in str(email.text)
    assert "Where you are" in ann.page
    ann.presses("pause")
    shown = world.request("GET", f"{ann.page_url}/lessons/intro").text
    links = set(re.findall(r'href="(/me/[^"]*|https?://[^"]*execute-api[^"]*)"', shown))
    assert links
    for link in links:
        assert world.request("GET", link).status in (200, 303), link


def test_n6_a_reply_is_compared_with_the_email_that_was_sent(without_a_domain: World) -> None:
    """A reply is compared with the email, so `receive_reply` must render the same links as `send`."""
    ann = Person(without_a_domain).joins()
    ann.replies("I listened.")
    assert [row["text"] for row in ann.reflections] == ["I listened."]


# ---------------------------------------------------------------- behind a CDN


def busy_after(world: World, header: str, addresses: list[str], connected: str = "192.0.2.1") -> int:
    """Returns how many sign-ups are accepted before one is refused, each with its address in the header."""
    for number, address in enumerate(addresses):
        form = Person(world, f"p{number}@example.net").form()
        answer = world.request("POST", "/sign-up", form=form, headers={header: address}, source_ip=connected)
        if answer.status == 429:
            return number
    return len(addresses)


VISITORS = [f"198.51.100.{number}" for number in range(13)]


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("cloudfront-viewer-address", "{}:46532"),
        ("cf-connecting-ip", "{}"),
        ("cf-connecting-ip", "::ffff:{}"),
    ],
)
def test_n7_behind_a_cdn_visitors_are_distinguished_by_the_trusted_header(header: str, form: str) -> None:
    with World(start=MONDAY, parameters={"ClientAddressHeader": header}) as world:
        assert busy_after(world, header, [form.format(address) for address in VISITORS]) == len(VISITORS)
        assert busy_after(world, header, [form.format("203.0.113.5")] * 13) == 10


@pytest.mark.parametrize(
    "told", ["", "unknown", "<script>", "198.51.100.7, 203.0.113.9", "2001:db8::7%x", "[2001:db8::7%x]:443"]
)
def test_n7_if_the_header_lacks_one_address_the_address_that_connected_counts(told: str) -> None:
    with World(start=MONDAY, parameters={"ClientAddressHeader": "cf-connecting-ip"}) as world:
        assert busy_after(world, "cf-connecting-ip", [told] * 13) == 10


def test_n7_no_header_is_trusted_unless_the_deployment_names_it(world: World) -> None:
    assert busy_after(world, "cf-connecting-ip", VISITORS) == 10


@pytest.mark.parametrize("header", ["x-forwarded-for", "CF-Connecting-IP", "a header"])
def test_n7_a_header_that_a_visitor_can_begin_is_refused(header: str) -> None:
    with pytest.raises(TemplateError, match="not x-forwarded-for, which a visitor can begin"):
        deployed(ClientAddressHeader=header)


# ---------------------------------------------------------------- DNS records


def test_n8_one_output_has_every_record() -> None:
    found = records(deployed(region="eu-central-1"))
    assert found.pop(("reply.example.org", "MX")) == ["10 inbound-smtp.eu-central-1.amazonaws.com."]
    assert found.pop(("bounce.mail.example.org", "MX")) == ["10 feedback-smtp.eu-central-1.amazonses.com."]
    assert found.pop(("bounce.mail.example.org", "TXT")) == ['"v=spf1 include:amazonses.com -all"']
    assert found.pop(("_dmarc.mail.example.org", "TXT")) == ['"v=DMARC1; p=none"']
    assert {kind for _, kind in found} == {"CNAME"}
    assert len(found) == 6
    for (name, _), (value,) in found.items():
        assert re.fullmatch(r"[\w-]+\._domainkey\.(mail|reply)\.example\.org", name)
        assert value == f"{name.partition('.')[0]}.dkim.amazonses.com."


def test_n8_the_docs_show_the_output() -> None:
    shown = re.search(r"```\n(; replies\n.*?)```", docs(), re.DOTALL)
    assert shown
    assert shown[1].strip() == deployed(region="eu-central-1").outputs()["DnsRecords"].strip()


def section(title: str) -> str:
    """Returns the part of docs/aws.md under a heading."""
    return docs().partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_n3_the_docs_say_how_to_begin_again_after_a_first_deployment_that_failed() -> None:
    """The stack must be deleted. A bucket that SES's notice has kept is not deleted with it, so erase-all erases it."""
    said = section("Deploy")
    assert "sam delete --stack-name email-course" in said
    assert said.index("ROLLBACK_COMPLETE") < said.index("sam delete") < said.index("erase-all")
    for kept in ("RawMail", "Key"):
        assert deployed().template["Resources"][kept]["DeletionPolicy"] == "RetainExceptOnCreate"


def test_n3_the_docs_say_what_a_change_set_that_protects_the_tables_lists() -> None:
    """CloudFormation lists resources with an attribute of a changed resource: roles, and no resource with data."""
    template = deployed().template["Resources"]
    tables = {name for name, resource in template.items() if resource["Type"] == "AWS::DynamoDB::Table"}
    attributes = re.compile(rf"'Fn::GetAtt': \['(?:{'|'.join(tables)})'|\$\{{(?:{'|'.join(tables)})\.")
    assert {one["Type"] for one in template.values() if attributes.search(str(one))} == {"AWS::IAM::Role"}
    (step,) = re.findall(r"^\| 9 \|.*$", docs(), re.MULTILINE)
    for words in ("tables", "roles that name a table's ARN", "Replacement “True”"):
        assert words in step


def test_n3_the_docs_say_which_changes_of_a_parameter_take_something_away() -> None:
    """The table has every parameter whose change from yes to no deletes a resource, and its description says so."""
    said = section("Parameters whose change takes something away")
    changes = set(re.findall(r"^\| `(\w+)`", said, re.MULTILINE))
    template = deployed().template
    for name, parameter in template["Parameters"].items():
        if parameter.get("AllowedValues") == ["yes", "no"]:
            lost = {*deployed(**{name: "yes"}).types()} - {*deployed(**{name: "no"}).types()}
            assert not lost or name in changes, (name, lost)
            assert not lost or 'to "no"' in parameter["Description"], name
    assert {"ReceiptRuleSet", "Sender", "DeletionProtection"} <= changes <= set(template["Parameters"])
    assert "deploy again from these tables" not in docs()
    assert not [name for name in template["Parameters"] if "Table" in name], "a table that exists could be taken over"


def test_n8_the_docs_say_that_the_domain_for_bounces_is_not_the_reply_domain() -> None:
    assert "neither the reply domain" in " ".join(section("Before you deploy").split())


def test_the_docs_try_a_test_stack_by_its_name() -> None:
    """Otherwise the commands would ask the stack with the default name, which is production."""
    said = section("In which order to try it, and what each step proves")
    (stack,) = re.findall(r"`STACK=([\w-]+)`", said)
    assert f"`--stack {stack}`" in said


def test_the_docs_name_what_the_template_has() -> None:
    """Checks parameters and their values, outputs, and the longest name of a stack."""
    parameters = deployed().template["Parameters"]
    given = re.findall(r"`((?!ReturnValues)[A-Z][a-z]\w+)=([\w-]+)`", docs() + (ROOT / "README.md").read_text("utf-8"))
    assert {name for name, _ in given} == {
        *("MakeSenderIdentity", "MakeReplyIdentity", "ActivateReceiptRules", "ReceiptRuleSet"),
        *("ClientAddressHeader", "DeletionProtection"),
    }
    for name, value in given:
        assert value in parameters[name].get("AllowedValues", [value]), name
        deployed(**{name: value})
    outputs = re.findall(r"output `(\w+)`", docs())
    assert {"DnsRecords", "ApiUrl"} <= set(outputs) <= set(deployed().outputs())
    assert "at most 55 characters" in docs()
    assert not list(deployed(stack="a" * 55).refusals())


def test_n8_the_sender_has_a_mail_from_domain_of_its_own() -> None:
    """Bounces go to a name under the sender's domain, so that SPF is aligned; SES sends also without the record."""
    attributes = deployed(MailFrom="returns").properties("SenderIdentity")["MailFromAttributes"]
    assert attributes == {"MailFromDomain": "returns.mail.example.org", "BehaviorOnMxFailure": "USE_DEFAULT_VALUE"}
    assert ("returns.mail.example.org", "MX") in records(deployed(MailFrom="returns"))


# ---------------------------------------------------------------- the receipt rule set


def rule_set(world: World) -> str:
    active: dict[str, Any] = world.clients.ses.describe_active_receipt_rule_set()
    return str(active.get("Metadata", {}).get("Name", ""))


def test_n5_the_rule_set_is_made_active_only_where_a_parameter_asks_for_it(world: World) -> None:
    assert rule_set(world) == ""
    assert not [name for name in world.resources.types() if "Activ" in name]


def test_n5_a_stack_that_is_asked_makes_its_rule_set_active() -> None:
    with World(start=MONDAY, parameters={"ActivateReceiptRules": "yes"}) as world:
        assert rule_set(world) == world.resources.ref("ReceiptRules")
        assert not world.failures


def test_n5_mail_is_stored_only_after_the_rule_set_could_be_made_active() -> None:
    """When the rule is made, SES writes a notice into the bucket, which CloudFormation then cannot delete."""
    rule = deployed().template["Resources"]["ReceiptRule"]["Properties"]
    assert rule["RuleSetName"]["Fn::If"][:2] == ["ActivatesReceiptRules", {"Ref": "ActiveReceiptRules"}]
    with World(start=MONDAY, parameters={"ActivateReceiptRules": "yes"}) as world:
        given = world.resources.properties("ReceiptRule")
        assert given["RuleSetName"] == world.resources.ref("ReceiptRules") == rule_set(world)


def test_n5_mail_is_stored_only_by_a_role_that_iam_has_had_time_to_make_known() -> None:
    """SES assumes the new role when the rule is made. Making the function, after its own role, takes long enough."""
    resources = deployed().template["Resources"]
    assert "ReceiveReply" in resources["ReceiptRule"]["DependsOn"]
    assert resources["ReceiveReply"]["Properties"]["Role"] == {"Fn::GetAtt": ["ReceiveReplyRole", "Arn"]}


@pytest.mark.parametrize("stack", ["email-course", "email-course-test"])
@pytest.mark.parametrize(
    ("given", "holder"),
    [
        ({}, "email-course-ReceiptRules"),
        ({"ActivateReceiptRules": "yes"}, "email-course-ReceiptRules"),
        ({"ReceiptRuleSet": "of-others"}, "of-others"),
    ],
    ids=["own", "own and active", "of others"],
)
def test_n5_ses_may_assume_the_role_for_the_rule_in_the_set_that_holds_it(
    given: dict[str, str], holder: str, stack: str
) -> None:
    """SES names the rule set and the rule as the source (SES guide, "Setting up IAM role permissions …")."""
    made = MADE | {"ActiveReceiptRules": ("email-course-ReceiptRules", {})}
    resources = resolved(TEMPLATE, PARAMETERS | given, made, {"AWS::StackName": stack})
    rule = resources.properties("ReceiptRule")
    trust = resources.properties("ReceivesMail")["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]
    assert (rule["RuleSetName"], rule["Rule"]["Name"]) == (holder, f"{stack}-replies")
    assert trust["StringEquals"]["aws:SourceArn"] == (
        f"arn:aws:ses:eu-west-1:123456789012:receipt-rule-set/{holder}:receipt-rule/{stack}-replies"
    )
    assert resources.outputs()["ReceiptRuleSet"] == holder
    assert ("ReceiptRules" in resources.types()) is (holder != "of-others")


def test_n5_the_rule_set_of_others_and_one_of_our_own_are_not_both_active() -> None:
    (why,) = deployed(ActivateReceiptRules="yes", ReceiptRuleSet="of-others").refusals()
    assert why.endswith("deploy with one of the two.")
    assert not list(deployed(ReceiptRuleSet="of-others").refusals())


def test_n5_the_docs_have_the_call_that_adds_the_rule_to_the_rule_set_of_others() -> None:
    """The same rule as CloudFormation's, with the names and types of SES's own model."""
    call = re.search(
        r"aws ses create-receipt-rule --region \S+ --rule-set-name (\S+) --rule '(\{.*?\})'", docs(), re.DOTALL
    )
    assert call
    rule = json.loads(call[2])
    with World(start=MONDAY, parameters={"ReceiptRuleSet": call[1]}) as world:
        given = world.resources.properties("ReceiptRule")
        (action,) = given["Rule"]["Actions"]
        for name, made in (("BucketName", "rawmail"), ("TopicArn", "InboundTopic"), ("IamRoleArn", "ReceivesMail")):
            shown = rule["Actions"][0]["S3Action"][name]
            assert made in shown
            assert made in action["S3Action"][name]
            action["S3Action"][name] = shown
        assert rule == given["Rule"]
        shape = world.clients.ses.meta.service_model.operation_model("CreateReceiptRule").input_shape
    mistakes = ParamValidator().validate({"RuleSetName": call[1], "Rule": rule}, shape)
    assert not mistakes.has_errors(), mistakes.generate_report()


# ---------------------------------------------------------------- the order in which docs/aws.md has it tried


def counted(world: World) -> dict[str, int]:
    """Returns the counts of `email-course audit` that are not 0."""
    account = world.invoke("audit", {}).payload["account"]
    return {name: number for name, number in account.items() if number}


def test_the_order_in_which_to_try_it_works_on_the_local_cloud(without_a_domain: World) -> None:
    """Takes steps 2 to 5, and expects the words and numbers of the page."""
    world = without_a_domain
    world.deliver(b"From: me@example.net\r\nSubject: A test\r\n\r\nHello", "hello@reply.example.org")
    (aside,) = world.invoke("audit", {"inbox": True}).payload["inbox"]
    assert aside["why"].startswith("no valid reply address")

    for kind, counts in (
        ("success", {"pending": 1}),
        ("bounce", {"pending": 1, "bounced": 1}),
        ("complaint", {"pending": 1, "bounced": 1, "complained": 1}),
    ):
        simulator = Person(world, f"{kind}@simulator.amazonses.com")
        assert simulator.signs_up().status == 200
        assert [email.tags["email"] for email in simulator.emails] == ["confirm"]
        assert counted(world) == counts, kind

    me = Person(world, "me@example.net").joins()
    me.replies("I listened.")
    me.replies("JOURNAL")
    assert "I listened." in me.journal
    assert world.mails_to("me@example.net")[-1].tags["email"] == "journal"
