"""Decisions and feedback to remember."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from time import monotonic, sleep

from sqlalchemy import Engine, func, select, text

from mgcds.service import schema
from mgcds.service.ports import Caller, Decision, Feedback, Said

AT = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)


def uid(name: object) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, str(name)))


def decision(number: int, rule: str = "severe-renal-impairment", problem: str = "") -> Decision:
    """The call of that number: one rule with a card and a suggestion, one that is withheld."""
    said = (Said(rule, "offered", uid(f"card {number}"), (uid(f"draft {number}"),)), Said("trial-dose", "withheld"))
    return Decision(
        service="mgcds-patient-view", hook_instance=uid(number), at=AT + timedelta(seconds=number), on=date(2026, 11, 21),
        pack_version="1", pack_digest="d" * 64, fingerprint="f" * 64, said=() if problem else said, problem=problem,
        caller=Caller("https://ehr.example.org"),
    )  # fmt: skip


def feedback(number: int, outcome: str = "accepted", reason: str = "", minute: int = 0) -> Feedback:
    accepted = (uid(f"draft {number}"),) if outcome == "accepted" else ()
    at = AT + timedelta(minutes=minute)
    return Feedback("mgcds-patient-view", uid(f"card {number}"), outcome, at, accepted, reason)


def calls_in(engine: Engine) -> list[str]:
    """The hook instances on file."""
    with engine.connect() as connection:
        return list(connection.execute(select(schema.answers.c.call)).scalars())


def rows_in(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in schema.metadata.tables.items()
        }


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for it; fail where it does not come."""
    end = monotonic() + seconds
    while not true():
        assert monotonic() < end, "it did not happen"
        sleep(0.01)


def as_of_0001(engine: Engine, numbers: Iterable[int]) -> None:
    """The same decisions as the first version of the tables held them; of the seventh nothing was said."""
    with engine.begin() as connection:
        for each in map(decision, numbers):
            own = uid(each.hook_instance)
            connection.execute(
                text("INSERT INTO answers VALUES (:id, :at, '2026-11-21', '', :call, '', '', '', '', '')"),
                {"id": own, "at": AT.isoformat(), "call": each.hook_instance},
            )
            for said in each.said if each.hook_instance != uid(7) else ():
                values = {"answer": own, "rule": said.rule, "status": said.status, "card": said.card}
                connection.execute(text("INSERT INTO said VALUES (:answer, :rule, :status, :card)"), values)
                for draft in said.suggestions:
                    connection.execute(
                        text("INSERT INTO suggestions VALUES (:answer, :draft, :rule)"), {**values, "draft": draft}
                    )
