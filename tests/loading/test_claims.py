"""Nothing the articles say is left over, and the contested evidence stands side by side."""

from collections.abc import Iterable

import pytest

from mgcds.loading import load_pack
from mgcds.model.pack import Claim

# The claims of the two articles: ten of the one, seven of the other.
CLAIMS = ["A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10", "B1", "B2", "B3", "B4", "B5", "B6", "B7"]


def left_over(claims: Iterable[Claim]) -> set[str]:
    """Claims that are not there, are none of the articles', or that nothing answers."""
    claims = list(claims)
    unanswered = {claim.id for claim in claims if not (claim.rules or claim.evidence or claim.refused)}
    return {claim.id for claim in claims} ^ set(CLAIMS) | unanswered


def test_no_claim_is_left_over() -> None:
    claims = load_pack().claims
    assert left_over(claims.values()) == set()
    assert left_over(claim for claim in claims.values() if claim.id != "B6") == {"B6"}
    assert left_over([*claims.values(), Claim("C1", "x", "y", (), (), None)]) == {"C1"}


@pytest.mark.parametrize("claim", ["A5", "A7", "B7"])
def test_what_has_no_comparative_evidence_is_refused(claim: str) -> None:
    assert load_pack().claims[claim].refused


@pytest.mark.parametrize("claim", ["A1", "B1", "B5"])
def test_both_meta_analyses_answer_what_is_claimed_of_the_effect(claim: str) -> None:
    assert {"moabedi-2023", "phelan-2018"} <= set(load_pack().claims[claim].evidence)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("moabedi-2023", "phelan-2018", id="supplementation"),
        pytest.param("li-2017", "martinez-gonzalez-2016", id="diet, cohort"),
        pytest.param("hajhashemy-2024", "martinez-gonzalez-2016", id="diet, newer meta-analysis"),
        pytest.param("ryszewska-pokrasniewicz-2018", "sultana-2023", id="alongside an SSRI"),
    ],
)
def test_what_contradicts_stands_side_by_side(one: str, other: str) -> None:
    evidence = load_pack().evidence
    assert other in evidence[one].contradicts
    assert one in evidence[other].contradicts


def test_a_result_that_was_not_seen_counts_for_nothing() -> None:
    entry = load_pack().evidence["nazarinasab-2022"]
    assert (entry.supports, entry.against) == ((), ())
    assert entry.effect.startswith("Unknown")
