"""Make rules/valuesets/medicine-names.tsv, the table of medicines that are in none of our value sets.

Source: PyPI drug-named-entity-recognition 2.0.9 (Fast Data Science, MIT). Its dictionary is built from the
DrugBank open vocabulary (CC0), MeSH, MedlinePlus, the NHS website and Wikipedia; only names are taken. Run
it with

    pip install drug-named-entity-recognition==2.0.9 pyyaml
    python tools/make_medicine_names.py

An entry of a medicine list that holds one of these names as whole words is known to be some other drug. So
no line may be, or stand for, a medicine of our value sets, and no line may be a word that people write
about any medicine. Names that hold another listed name are left out: the shorter one finds them.
"""

from __future__ import annotations

import bz2
import io
import pickle
import re
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution
from pathlib import Path

import yaml

VERSION = "2.0.9"
VALUE_SETS = Path(__file__).resolve().parent.parent / "rules" / "valuesets"
TABLE = VALUE_SETS / "medicine-names.tsv"
HEAD = (
    f"# Source: PyPI drug-named-entity-recognition {VERSION} (MIT, Fast Data Science Ltd) and the list in "
    "tools/make_medicine_names.py, which makes this file. A line: name, TAB, generic name if it differs.\n"
)

PLAIN_NAME = re.compile(r"[a-z][a-z0-9' .\-]{3,29}")
ONE_WORD = re.compile(r"[a-z]{5,}")

# Everyday words, foods, plain chemicals, hormones and brand names that are words: they would make an entry
# look known when it is not ("a selective serotonin reuptake inhibitor", "heart pills with oregano").
NOT_A_MEDICINE = """
aman, armour, aromatic alcohol, atrazine, black draught, carbon, cera, chamomile, chickpea, chloroform,
chrom, citrate, clear by design, colgate, corwin, cough out, dala, dawn mist, ears and nose, eisen, gana,
generics, glutamate, glyphosate, hemel, histamine, horseradish, indio, iron sugar, kendrick, licorice,
little noses, modus, natural fiber therapy, oral defense, oregano, organ-i nr, palin, peppermint,
phospholipids, plan b, potassium metal, reduced com, rela, saha, serotonin, sone, spray and solution,
strychnine, sugarcane, thein, theon, thyroid gland, vals, vicks, vitae, watercress, wormwood
"""

# Brand names that the package files under another ingredient, although the product also holds (or elsewhere
# in the world is) a medicine of one of our sets: left out, so that a person is asked.
HIDES_ONE_OF_OURS = """
ascriptin, bufferin, buffex, gaviscon, magnecyl
"""

# Substances that are ours under another spelling of the package.
OURS_UNDER_ANOTHER_NAME = {"acetyldigoxins", "canrenoic acid", "selegiline patch"}

# Written in medicine lists and not in the package in these words: fluids, electrolytes, vitamins,
# supplements, vaccines, brands. No bare "calcium", "potassium" or "sodium": they are the salt of too many
# drugs. Nothing that holds magnesium.
WRITTEN_IN_LISTS = """
albumin, alpha lipoic acid, artificial tears, ascorbic acid, barium sulfate, bengay, biotin, calcium 500,
calcium 600, calcium acetate, calcium chloride, calcium citrate, calcium gluconate, calcium supplement,
caphosol, capsaicin, carbamide peroxide, cepacol, chloraseptic, chondroitin, coenzyme q10, collagenase,
coq10, cranberry, creatine, d10w, d5 1/2ns, d5lr, d5ns, d5w, dextrose, donnatal, echinacea, estradiol,
evening primrose oil, fish oil, flaxseed oil, ginkgo, ginseng, glucosamine, glucose gel, golytely,
hydrocerin, influenza vaccine, influenza virus vaccine, inositol, k-phos, kcentra, l-methylfolate,
lactated ringers, lactobacillus, lanthanum, methylfolate, moviprep, multi-vitamin, multivitamin,
multivitamins, mupirocin, nephrocaps, neutra-phos, niacin, nicotine, normal saline, nulytely, oral
contraceptive, oral rehydration salts, oyster shell calcium, peg 3350, penicillin, petrolatum, phosphorus,
pneumococcal, polyethylene glycol, polysaccharide vaccine, potassium bicarbonate, potassium chl, potassium
chloride, potassium citrate, potassium gluconate, potassium phosphate, prenatal vitamin, prenatal
vitamins, probiotic, probiotics, progesterone, red yeast rice, riboflavin, ringers lactate,
s-adenosylmethionine, saline, sarna, saw palmetto, senna, sennosides, sodium alginate, sodium chloride,
sodium citrate, sodium phosphate, testosterone, thiamine, tuberculin, turmeric, vitamin b1, vitamin b12,
vitamin b2, vitamin b3, vitamin b6, vitamin c, vitamin d2, vitamin d3, vitamin e, vitamin k, vitamin k1,
whey protein, zinc, estrostep, implanon, kyleena, levora, liletta, loestrin, mirena, natazia, nexplanon,
nuvaring, ortho tri-cyclen, paxlovid, seasonique, symbicort,
trinessa, yasmin, yaz
"""


class PlainUnpickler(pickle.Unpickler):
    """Reads containers, text and numbers only: a pickle that names a class or function is refused."""

    def find_class(self, module: str, name: str) -> object:
        raise pickle.UnpicklingError(f"the dictionary should hold plain data, but it names {module}.{name}")


def read_dictionary() -> tuple[dict[str, list[str]], dict[str, dict[str, object]]]:
    """The package's dictionary: name -> generic names, and generic name -> what is known of it."""
    package = distribution("drug-named-entity-recognition")
    if package.version != VERSION:
        raise SystemExit(f"drug-named-entity-recognition {VERSION} is needed, {package.version} is installed")
    path = Path(str(package.locate_file("drug_named_entity_recognition/drug_ner_dictionary.pkl.bz2")))
    content = PlainUnpickler(io.BytesIO(bz2.decompress(path.read_bytes()))).load()
    return content["drug_variant_to_canonical"], content["drug_canonical_to_data"]


def words(name: str) -> tuple[str, ...]:
    """The words of a name as the matcher sees them: lower case, no apostrophe, split at other punctuation."""
    return tuple(re.findall(r"[a-z0-9]+", name.lower().replace("'", "")))


def runs(of: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Every unbroken run of words, the whole included."""
    return (of[i:j] for i in range(len(of)) for j in range(i + 1, len(of) + 1))


def our_phrases() -> set[tuple[str, ...]]:
    """The names of all medicines in rules/valuesets."""
    sets = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(VALUE_SETS.glob("*.yaml"))]
    entries = [entry for one in sets if one["of"] == "medicines" for entry in one.get("entries", [])]
    return {words(name) for entry in entries for name in [entry["name"], *entry.get("also", [])]}


def is_in_use(facts: dict[str, object]) -> bool:
    """MedlinePlus and the NHS write only about medicines people are given."""
    return "medline_plus_id" in facts or "nhs_url" in facts


def is_wanted(name: str, generic: str, facts: dict[str, object]) -> bool:
    """All plain names of medicines in use; of DrugBank's other substances only single words."""
    if not PLAIN_NAME.fullmatch(name) or len(name.split()) > 3:
        return False
    if is_in_use(facts):
        return any(len(word) >= 4 and word.isalpha() for word in words(name))
    one_word = ONE_WORD.fullmatch(name) is not None
    return "drugbank_id" in facts and one_word and (name == generic or "mesh_id" in facts)


def listed(text: str) -> set[str]:
    """The names of one of the lists above."""
    return {name.strip() for name in text.replace("\n", " ").split(",") if name.strip()}


def choose(
    names: dict[str, list[str]], facts: dict[str, dict[str, object]], ours: set[tuple[str, ...]]
) -> dict[str, str]:
    """name -> generic name, for every name that is safe and useful to recognise."""
    refused = listed(NOT_A_MEDICINE) | listed(HIDES_ONE_OF_OURS)
    chosen: dict[str, str] = {}
    for name, generics in names.items():
        if any(holds(text, ours) for text in [name, *generics]) or set(generics) & OURS_UNDER_ANOTHER_NAME:
            continue
        # A name in use wins over a research substance of the same name; then the alphabet decides.
        fitting = sorted(
            (not is_in_use(facts[generic]), generic)
            for generic in generics
            if generic in facts and is_wanted(name, generic, facts[generic])
        )
        if fitting and name not in refused:
            chosen[name] = fitting[0][1]
    return chosen | {name: name for name in listed(WRITTEN_IN_LISTS)}


def holds(text: str, phrases: Iterable[tuple[str, ...]]) -> bool:
    """Whether one of the phrases stands in the text as whole words."""
    return not set(phrases).isdisjoint(runs(words(text)))


def without_longer_ones(chosen: dict[str, str]) -> dict[str, str]:
    """Leave out a name that holds another chosen name, and the second spelling of the same words."""
    kept: dict[tuple[str, ...], str] = {}
    for name in sorted(chosen):
        kept.setdefault(words(name), name)
    phrases = set(kept)
    return {
        name: chosen[name]
        for its_words, name in kept.items()
        if phrases.isdisjoint(run for run in runs(its_words) if run != its_words)
    }


def main() -> None:
    """Write the table."""
    names, facts = read_dictionary()
    table = without_longer_ones(choose(names, facts, our_phrases()))
    lines = (name if name == generic else f"{name}\t{generic}" for name, generic in sorted(table.items()))
    TABLE.write_text(HEAD + "".join(line + "\n" for line in lines), encoding="utf-8")
    print(f"{TABLE.name}: {len(table)} names, {TABLE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
