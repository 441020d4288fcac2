"""Records as text, as Bio.Medline and people read them."""

import io
from pathlib import Path
from typing import Any

from Bio import Medline

from flows.eutils_server.records import RecordStore
from flows.eutils_server.text_formats import text_records
from tests.records import article
from transforms.values import text_of

medline: Any = Medline  # Biopython declares no types.

ARTICLE = """<ELocationID EIdType="doi" ValidYN="Y">10.1/x</ELocationID>
<Abstract><AbstractText Label="AIM">To try <i>it</i> out.</AbstractText><AbstractText>It was tried.</AbstractText>
<CopyrightInformation>Nobody's.</CopyrightInformation></Abstract>
<AuthorList><Author><LastName>Hambrick</LastName><ForeName>George W</ForeName><Initials>GW</Initials>
<Suffix>Jr</Suffix><Identifier Source="ORCID">0000-0002-1825-0097</Identifier>
<AffiliationInfo><Affiliation>Here.</Affiliation></AffiliationInfo></Author>
<Author><LastName>Doe</LastName><ForeName>Jane</ForeName><Initials>J</Initials>
<AffiliationInfo><Affiliation>There.</Affiliation></AffiliationInfo>
<AffiliationInfo><Affiliation>Here.</Affiliation></AffiliationInfo></Author>
<Author><CollectiveName>A Group</CollectiveName></Author></AuthorList>"""
CITATION = """<ChemicalList><Chemical><RegistryNumber>0</RegistryNumber><NameOfSubstance UI="D1">Stuff</NameOfSubstance>
</Chemical></ChemicalList>
<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"><RefSource>J Invent Res. 2021;9:1</RefSource>
<PMID Version="1">9</PMID></CommentsCorrections></CommentsCorrectionsList>
<MeshHeadingList><MeshHeading><DescriptorName UI="D2" MajorTopicYN="N">Depression</DescriptorName>
<QualifierName UI="Q1" MajorTopicYN="Y">drug therapy</QualifierName></MeshHeading></MeshHeadingList>"""


def written(rettype: str, record: bytes | None = None) -> str:
    """A record as text; by default one with everything that the formats print."""
    record = record or article(1, title="A title.", parts=(ARTICLE, CITATION, "")).encode()
    return "".join(text_records([record], rettype))


def test_bio_medline_reads_every_field() -> None:
    """Each by its tag, lists as lists, long values joined again."""
    (read,) = medline.parse(io.StringIO("\n" + written("medline")))
    expected = {
        "PMID": "1",
        "OWN": "NLM",
        "STAT": "MEDLINE",
        "LR": "20200102",
        "IS": "1234-5678 (Print)",
        "VI": "7",
        "IP": "2",
        "DP": "2019 Mar 4",
        "TI": "A title.",
        "PG": "11-9",
        "LID": "10.1/x [doi]",
        "AB": "AIM: To try it out. It was tried.",
        "CI": ["Nobody's."],
        "FAU": ["Hambrick, George W Jr", "Doe, Jane"],
        "AU": ["Hambrick GW Jr", "Doe J"],
        "AUID": ["ORCID: 0000-0002-1825-0097"],
        "AD": ["Here.", "There.", "Here."],
        "CN": ["A Group"],
        "LA": ["eng"],
        "PT": ["Journal Article"],
        "TA": "J Invent Res",
        "JT": "Journal of Invented Results",
        "JID": "0000001",
        "RN": ["0 (Stuff)"],
        "RIN": ["J Invent Res. 2021;9:1. PMID: 9"],
        "MH": ["Depression/*drug therapy"],
        "EDAT": "2019/03/05 00:00",
        "CRDT": ["2019/03/05 00:00"],
        "PHST": ["2019/03/05 00:00 [entrez]"],
        "PST": "ppublish",
        "SO": "J Invent Res. 2019 Mar 4;7(2):11-9. doi: 10.1/x.",
    }
    assert dict(read) == expected


def test_the_abstract_format_is_laid_out_in_paragraphs() -> None:
    """Source, title, authors with the numbers of their affiliations, those, the abstract, and the PMID."""
    paragraphs = written("abstract").rstrip("\n").split("\n\n")
    assert paragraphs == [
        "1. J Invent Res. 2019 Mar 4;7(2):11-9. doi: 10.1/x.",
        "A title.",
        "Hambrick GW Jr(1), Doe J(1)(2), A Group.",
        "Author information:\n(1)Here.\n(2)There.",
        "AIM: To try it out.\nIt was tried.",
        "Nobody's.",
        "DOI: 10.1/x\nPMID: 1  [Indexed for MEDLINE]",
    ]


def test_a_record_that_says_nothing_of_its_journal_begins_with_its_doi() -> None:
    """As records made from seed pages may."""
    bare = (
        b"<PubmedArticle><MedlineCitation><PMID>1</PMID><Article><ArticleTitle>A title.</ArticleTitle></Article>"
        b"</MedlineCitation><PubmedData><ArticleIdList><ArticleId IdType='doi'>10.1/x</ArticleId></ArticleIdList>"
        b"</PubmedData></PubmedArticle>"
    )
    assert written("abstract", bare).split("\n\n")[:2] == ["1. doi: 10.1/x.", "A title."]


def test_real_records_come_through_the_medline_format(shared_data: Path) -> None:
    """Bio.Medline gives back the title, the authors and the headings of each."""
    store = RecordStore.from_paths([shared_data / "efetch" / "alexmasselot+medlineGeoBackend__pubmed_tricky.xml"])
    pmids = sorted(store.pmids)
    assert pmids
    elements = [store.element(pmid) for pmid in pmids]
    text = "\n".join(text_records(map(store.xml, pmids), "medline"))
    for element, read in zip(elements, medline.parse(io.StringIO(text)), strict=True):
        title = element.find(".//ArticleTitle")
        assert title is not None
        assert read["TI"] == " ".join(text_of(title).split())
        headings = element.findall(".//MeshHeading")
        assert len(read.get("MH", [])) == len(headings)
        persons = [e for e in element.iterfind(".//AuthorList/Author") if e.find("LastName") is not None]
        assert len(read.get("AU", [])) == len(persons)
