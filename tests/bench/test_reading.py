"""The yardstick of reading decodes what the reader reads: the same values of the same results, out of a Bundle of the size that is said."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest

from bench.reading import MIXES, ON, SIZE, Bundle, grown
from mgcds.fhir import read_bundle
from mgcds.fhir.observations import measured_codes
from mgcds.loading import load_pack


@pytest.mark.parametrize("mix", MIXES.values(), ids=MIXES)
def test_the_yardstick_decodes_every_value_that_is_read(mix: Mapping[str, int]) -> None:
    content = grown(mix, 200_000)
    codes = measured_codes(load_pack())
    record = read_bundle(content, load_pack(), ON).record
    decoded: dict[str, list[str]] = {}
    for entry in msgspec.json.decode(content, type=Bundle).entry:
        resource = entry.resource
        for coding in resource.code.coding if resource is not None and resource.code is not None else ():
            if resource is not None and coding.code in codes and resource.valueQuantity is not None:
                decoded.setdefault(codes[coding.code].id, []).append(str(resource.valueQuantity.value))
    assert decoded
    for item, values in decoded.items():
        assert sorted(values) == sorted(str(each.value) for each in getattr(record, item))


@pytest.mark.parametrize("mix", MIXES.values(), ids=MIXES)
def test_the_bundle_has_the_size_that_is_said(mix: Mapping[str, int]) -> None:
    assert SIZE <= len(grown(mix)) < 1.1 * SIZE
