"""MeSH files for tests, invented for this project; no record of NLM's."""

from collections.abc import Sequence

TERM = """<Term ConceptPreferredTermYN="{preferred}" IsPermutedTermYN="{permuted}" LexicalTag="NON"
 RecordPreferredTermYN="{preferred}"><TermUI>T{ui}{number}</TermUI><String>{name}</String></Term>"""

CONCEPT = """<Concept PreferredConceptYN="Y"><ConceptUI>M{ui}</ConceptUI>
<ConceptName><String>{name}</String></ConceptName>
<RegistryNumber>0</RegistryNumber><ScopeNote>What {name} means.</ScopeNote><TermList>{terms}</TermList></Concept>"""


def concept(ui: str, names: Sequence[str]) -> str:
    """A ConceptList whose first name is the record's."""
    terms = "".join(
        TERM.format(preferred="N" if number else "Y", permuted="N", ui=ui, number=number, name=name)
        for number, name in enumerate(names)
    )
    return f"<ConceptList>{CONCEPT.format(ui=ui, name=names[0], terms=terms)}</ConceptList>"


def descriptor(ui: str, *names: str, trees: Sequence[str] = (), more: str = "") -> str:
    """A DescriptorRecord: its name and entry terms, its places, and XML to put before those."""
    places = "".join(f"<TreeNumber>{number}</TreeNumber>" for number in trees)
    return (
        f'<DescriptorRecord DescriptorClass="1"><DescriptorUI>{ui}</DescriptorUI>'
        f"<DescriptorName><String>{names[0]}</String></DescriptorName>{more}"
        f"<TreeNumberList>{places}</TreeNumberList>{concept(ui, names)}</DescriptorRecord>"
    )


def qualifier(ui: str, name: str, *, trees: Sequence[str] = ()) -> str:
    """A QualifierRecord."""
    places = "".join(f"<TreeNumber>{number}</TreeNumber>" for number in trees)
    return (
        f"<QualifierRecord><QualifierUI>{ui}</QualifierUI><QualifierName><String>{name}</String></QualifierName>"
        f"<TreeNumberList>{places}</TreeNumberList>{concept(ui, [name])}</QualifierRecord>"
    )


def supplementary(ui: str, *names: str, mapped: Sequence[tuple[str, str]] = (), more: str = "") -> str:
    """A SupplementalRecord: its name and others, with the identifiers and names of the headings that it maps to."""
    headings = "".join(
        f"<HeadingMappedTo><DescriptorReferredTo><DescriptorUI>{to}</DescriptorUI><DescriptorName><String>{heading}"
        "</String></DescriptorName></DescriptorReferredTo></HeadingMappedTo>"
        for to, heading in mapped
    )
    return (
        f'<SupplementalRecord SCRClass="1"><SupplementalRecordUI>{ui}</SupplementalRecordUI><SupplementalRecordName>'
        f"<String>{names[0]}</String></SupplementalRecordName><HeadingMappedToList>{headings}</HeadingMappedToList>{more}"
        f"{concept(ui, names)}</SupplementalRecord>"
    )


def mesh_set(*records: str) -> bytes:
    """A file of some records of one kind."""
    kind = {"D": "Descriptor", "Q": "Qualifier", "S": "Supplemental"}[records[0][1]]
    return f'<?xml version="1.0"?>\n<{kind}RecordSet>\n{"".join(records)}</{kind}RecordSet>\n'.encode()
