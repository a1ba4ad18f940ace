"""Every example runs by the command that its README gives."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.weft import ROOT, Ended, environment, weft
from tests.engine.harness import harness
from weftline.authoring import load_actions
from weftline.language import load

EXAMPLES = ROOT / "examples"

ONE_COMMAND = re.compile(r"\.venv/bin/python -m (examples\.\w+\.demo)\b")
EXECUTION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
IMPORTED = {"connected_onboarding": ("crm.createCustomer", "crm.deleteCustomer")}
"""Actions that an example has from an OpenAPI document."""
FIRST_BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


@pytest.fixture
def env(database: str) -> dict[str, str]:
    return environment(database_url=database)


def demo(name: str, env: dict[str, str]) -> Ended:
    """Run the one command of an example that needs people and events."""
    found = ONE_COMMAND.search((EXAMPLES / name / "README.md").read_text())
    assert found is not None
    ended = subprocess.run(
        [sys.executable, "-m", found[1]], env=env, cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def first_command(name: str, env: dict[str, str]) -> Ended:
    """Run the one command of an example that goes by itself."""
    block = FIRST_BLOCK.search((EXAMPLES / name / "README.md").read_text())
    assert block is not None
    command = block[1].replace(".venv/bin/weft", f"{sys.executable} -m weftline.cli.main")
    ended = subprocess.run(command, shell=True, env=env, cwd=ROOT, capture_output=True, text=True, timeout=120)
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def test_the_order_is_prepared_in_parallel_and_shipped(env: dict[str, str]):
    ended = first_command("order_parallel", env)
    assert ended.code == 0, ended.err
    assert (ended.json["total"], ended.json["tracking"]) == (139.9, "T-A-1001")
    assert "charge-card in payment retrying (attempt 1 failed: the bank is busy" in ended.err


def test_the_trip_that_cannot_be_had_as_a_whole_is_given_back_in_reverse_order(env: dict[str, str]):
    ended = first_command("travel_booking", env)
    assert ended.code == 1
    assert "The execution is failed: no car is left in Lisbon" in ended.err
    found = EXECUTION.search(ended.err)
    assert found is not None
    events = weft("events", found[0], "--json", env=env).json
    undone = [event["stepId"] for event in events if event["type"] == "STEP_COMPENSATED"]
    assert undone == ["book-hotel", "book-flight"]


def test_a_row_that_cannot_be_imported_is_reported_and_the_others_are_imported(env: dict[str, str]):
    ended = first_command("batch_import", env)
    assert ended.code == 0, ended.err
    assert ended.json == {"imported": 4, "rejected": [{"line": 3, "reason": "line 3 has no e-mail address"}]}


def test_a_payment_that_fails_in_an_unforeseen_way_is_taken_over(env: dict[str, str]):
    ended = first_command("resilient_payment", env)
    assert ended.code == 0, ended.err
    assert ended.json == {"paid": False, "by": "hand"}


async def test_everything_that_can_go_wrong_with_a_payment_has_its_answer(database: str):
    hand = {"paid": False, "by": "hand"}
    answers = {
        ("good", 250): {"paid": True, "by": "card"},
        ("slow", 250): {"paid": True, "by": "card"},
        ("declined", 250): {"paid": False, "by": "invoice"},
        ("unreachable", 250): {"paid": True, "by": "account"},
        ("stolen", 250): hand,
        ("stolen", 1_000): None,
    }
    async with harness(database) as engine:
        engine.registry = load_actions(["examples.resilient_payment.actions"])
        for name in ("workflow", "payment-by-hand"):
            document = json.loads((EXAMPLES / "resilient_payment" / f"{name}.json").read_text())
            await engine.publish(*document.pop("nodes"), **document)
        inputs = [{"order": "A-1", "amount": amount, "card": card} for card, amount in answers]
        executions = await engine.start(*inputs, workflow="resilient-payment")
        async with engine.worker():
            for execution, answer in zip(executions, answers.values(), strict=True):
                row = await engine.reach(execution)
                assert row["status"] == ("failed" if answer is None else "completed")
                assert answer is None or json.loads(row["output"]) == answer
        notices = await engine.fetch("SELECT payload FROM notifications")
        assert [json.loads(notice["payload"])["recipients"] for notice in notices] == [["payments@example.com"]]


def test_the_purchase_is_approved(env: dict[str, str]):
    ended = demo("approval", env)
    assert ended.code == 0, ended.err
    assert ended.json == {"ordered": True, "item": "a standing desk", "amount": 480}


def test_the_customer_is_reminded_checked_and_let_in(env: dict[str, str]):
    ended = demo("customer_onboarding", env)
    assert ended.code == 0, ended.err
    assert (ended.json["login"], ended.json["active"]) == ("ada@example.com", True)
    # a slow machine sends more than one reminder
    completed = list(dict.fromkeys(re.findall(r"✓ ([\w-]+)", ended.err)))
    assert completed == [
        "create-customer",
        "send-reminder",
        "verify-email",
        "create-account",
        "decision-kyc",
        "perform-kyc",
        "activate-account",
        "end",
    ]


def test_the_contract_is_rolled_back_once_submitted_and_approved(env: dict[str, str]):
    ended = demo("contract_onboarding", env)
    assert ended.code == 0, ended.err
    assert (ended.json["company"], ended.json["marketRole"]) == ("Engie Belgium", "BRP")
    assert '"pointer": "/vatNumber"' in ended.err
    assert 'It would undo: ["reserve-contract", "approval", "portfolio"]' in ended.err
    assert 'It undid: ["reserve-contract", "approval", "portfolio"]' in ended.err


def test_a_flow_of_node_records_waits_twice_for_a_large_order(env: dict[str, str]):
    ended = first_command("simple_flow", env)
    assert ended.code == 0, ended.err
    assert re.findall(r"✓ (n-\d)", ended.err) == ["n-1", "n-2", "n-3", "n-4", "n-5"]
    assert "/nodes/1/id: changed: the id is `n-2` here" in ended.err


def test_a_designers_template_is_started_by_its_webhook_and_carried_out_by_connectors(env: dict[str, str]):
    ended = demo("designer_template", env)
    assert ended.code == 0, ended.err
    for connected in ("graphql: READY", "slack: READY Signed in as weftline in Acme.", "s3: READY", "smtp: READY"):
        assert connected in ended.err
    assert "Starts by: added (event), check (schedule), form (webhook)" in ended.err
    good, unknown = ended.json["ada"], ended.json["nobody"]
    assert (good["mails"], good["triedAgain"]) == (["Welcome, Ada"], ["find"])
    assert good["steps"] == ["find", "good", "announce", "post", "post", "write", "keep", "pause", "welcome"]
    assert {"Slack: #leads: Ada is worth a call", "Slack: #sales: Ada is worth a call"} < set(ended.err.splitlines())
    assert "ada@example.com,Ada,80" in ended.err.splitlines()
    assert (unknown["mails"], unknown["steps"]) == (["We will be with you soon"], ["find", "apologise"])


def test_people_register_within_a_request(env: dict[str, str]):
    ended = demo("user_registration", env)
    assert ended.code == 0, ended.err
    first, again, nowhere, weak, statistics = map(json.loads, ended.out.splitlines())
    assert (first["status"], first["message"], first["data"]["email"]) == (201, "Welcome!", "ada@example.com")
    assert [(each["status"], each["code"]) for each in (again, nowhere, weak)] == [
        (409, "email_taken"),
        (422, "invalid_email"),
        (422, "weak_password"),
    ]
    # a password that is too weak never becomes an execution
    assert (statistics["total"], statistics["successful"]) == (3, 1)
    assert "mail to ada@example.com: Welcome to Default" in ended.err
    entries = weft("audit", "list", "--action", "user.registered", "--json", env=env).json
    assert [entry["after"]["details"] for entry in entries] == [{"email": "ada@example.com"}]
    valid = weft("validate", "examples.user_registration.workflow:UserRegistration", env=env)
    assert valid.code == 0, valid.err


@pytest.mark.parametrize("folder", sorted(path.parent.name for path in EXAMPLES.glob("*/workflow.json")))
def test_every_example_is_listed_and_valid_with_its_own_input(folder: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    has_own = (EXAMPLES / folder / "actions.py").is_file()
    names = load_actions([f"examples.{folder}.actions"] if has_own else []).names() | set(IMPORTED.get(folder, ()))
    for definition in (EXAMPLES / folder).glob("*.json"):
        if definition.name != "input.json":
            load(json.loads(definition.read_text()), names)
    assert isinstance(json.loads((EXAMPLES / folder / "input.json").read_text()), dict)
    assert f"]({folder}/README.md)" in (EXAMPLES / "README.md").read_text()
    assert Path(os.curdir, "examples", folder, "README.md").is_file()


def test_access_is_given_by_connectors_and_taken_back_where_nobody_can_be_told(env: dict[str, str]):
    ended = demo("market_access", env)
    assert ended.code == 0, ended.err
    assert "gateway: READY, Signed in as Kong 3.9.0." in ended.err
    told = ended.json
    assert (told["access"]["group"], told["triedAgain"]) == ("BRP", ["add-to-group"])
    assert told["told"] == ["*engie-belgium* has access as BRP."]
    assert told["failed"] == "slack_channel_not_found"
    consumer = f"/consumers/{told['access']['consumer']}"
    assert told["left"] == [consumer, f"{consumer}/acls/BRP", f"{consumer}/key-auth/{told['access']['key']}"]


def test_customers_are_onboarded_by_an_imported_crm_mail_and_a_database_and_taken_back_where_they_are_refused(
    env: dict[str, str],
):
    ended = demo("connected_onboarding", env)
    assert ended.code == 0, ended.err
    assert "The CRM can do: listCustomers, createCustomer, deleteCustomer" in ended.err
    assert "mail: READY Signed in as acme." in ended.err and "accounts: READY Signed in as acme." in ended.err
    told = ended.json
    assert told["welcomed"]["customer"].startswith("C-") and told["triedAgain"] == ["create-customer"]
    assert told["mails"] == ["Please confirm your address", "Welcome, Ada"]
    assert ended.err.count("CRM: Ada is a customer") == 1
    assert (told["refused"], "CRM: Eve is no customer any more" in ended.err) == ("kyc_refused", True)
    assert (told["customers"], told["accounts"]) == (["Ada"], [{"login": "ada@example.com", "active": True}])


def test_the_loan_is_paid_by_a_durable_function(env: dict[str, str]):
    ended = first_command("loan_application", env)
    assert ended.code == 0, ended.err
    assert ended.json == {"approved": True, "points": 640, "paid": 12000, "account": "DE-4711"}
    assert "time-to-think completed" in ended.err


def test_a_worker_in_another_language_carries_out_a_step(env: dict[str, str]):
    ended = demo("remote_worker", env)
    assert ended.code == 0, ended.err
    assert ended.json == {
        "shipped": {"label": "L-4711", "told": "Your parcel L-4711 is on its way."},
        "refused": "too heavy for one parcel",
    }
    assert len((EXAMPLES / "remote_worker" / "worker.mjs").read_text().splitlines()) <= 50
