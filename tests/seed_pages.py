"""Pages as text, and what is read from them."""

from collections.abc import Iterable

from tests.conftest import REPOSITORY
from transforms.seed_tables import make_seed_tables
from transforms.seed_text import SeedPage, parse_seed_document

GIVEN = REPOSITORY / "seeds" / "000_c094b752a16dd644.txt"
ODD = REPOSITORY / "tests" / "fixtures" / "seeds" / "odd_page.txt"

SMALL = """\
A title
- PMID: 1
- DOI: 10.1/x
A title
Abstract
An abstract.
Similar articles
-
One.J Med. 2014 Mar;1:2. J Med. 2014. PMID: 2 Review.
-
Two.J Med. 2015;1:3. J Med. 2015. PMID: 3
Cited by
References
"""

BROWSER = """\
Skip to main page content
Review
Eur Arch Psychiatry Clin Neurosci

. 2014 Nov;264 Suppl 1:S55-65. doi: 10.1007/s00406-014-0535-3. Epub 2014 Sep 13.
Multistage drug effects of ketamine
M Paul 1, N Schaaff, J Padberg 2
Affiliations
1 Department of Psychiatry, Munich.
PMID: 25217177 DOI: 10.1007/s00406-014-0535-3
Abstract
Background: Many.

Results: Few.
Similar articles
Ketamine.
Zanos P, Gould TD.
Mol Psychiatry. 2018 Apr;23(4):801-811. doi: 10.1038/mp.2017.255. Epub 2018 Mar 13.
PMID: 29532791
Free PMC article.
Review.
mTOR signalling.
Kim K.
J Med. 2019;1:2.
PMID: 5
See all similar articles
LinkOut - more resources
Full Text Sources
Springer
"""

# Copied from a browser with Ctrl-A: banners, the page's navigation, then the page; flags stick to the PMID.
WHOLE_WINDOW = """\
Skip to main page content
U.S. flagAn official website of the United States government Here's how you know\x20
NIH NLM LogoLog in

Access keysNCBI HomepageMyNCBI HomepageMain ContentMain Navigation
pubmed logo
Search:
Search
Advanced
User Guide
SaveEmailSend to
Display options
Full text links
Invented Publisher full text link
Actions
Cite
Collections
Permalink
Page navigation
Title & authors
Abstract
Comment in
Similar articles
Cited by
References
MeSH terms
LinkOut - more resources
Randomized Controlled Trial J Invent
. 2014 Feb 12;311(6):579-86. doi: 10.9999/ji.2013.1.
Risk of something: following something else
Ada B Invented 1, Bela Invented 2, Cleo-May Invented 1
Affiliations Collapse
Affiliations
1Department of Inventions, University, Town.
2Elsewhere.
PMID: 98000001 PMCID: PMC9800001 DOI: 10.9999/ji.2013.1
Abstract
Importance: It matters.

Objectives: To say so.

PubMed Disclaimer

Conflict of interest statement
None of us exists.
Figures
Figure 1
Figure 1. Nothing over time\u2026
Comment in
Understanding nothing.
Gill JS, Tonelli M.
J Invent. 2014 Feb 12;311(6):577-9; author reply 578. doi: 10.9999/ji.2013.2.
PMID: 98000002 No abstract available.
What we still need to know?
Kasiske BL.
Am J Invent. 2014 Sep;64(3):335-7. Epub 2014 May 5.
PMID: 98000003 No abstract available.
Similar articles
Long-term risks: part one.
Van Arendonk KJ, Garonzik-Wang JM, O'Keeffe LM; American Society of Inventors.
Nat Rev Invent. 2015 Jul;11(7):411-9. doi: 10.9999/nri.58. eCollection 2015.
PMID: 98000004Free PMC article.No abstract available.
[Obituary: Professor X, 1898-1972].
Klein D.
J Genet Invent. 1972 Jun;20(4):suppl 177-8.
PMID: 98000005Review.
See all similar articles
Cited by
Using [99mTc]Tc-DTPA vs. equations.
Carvalho JP, Pint\u00e3o S.
J Bras Invent. 2023 Jul-Sep;45(3):344-349. doi: 10.9999/1-2022-0105en.
PMID: 98000006
See all "Cited by" articles
References
[Accessed April 17, 2013];Organ website. http://example.org/step2.asp.
\x20
Delmonico FL, Dew MA. Living in a global environment. Invent Int. 2007;71(7):608-614. - PubMed
\x20
Show all 28 references
MeSH terms
Adolescent
Inventions / epidemiology*
LinkOut - more resources
Full Text Sources
Invented PMC
NCBI Literature Resources MeSH PMC Bookshelf Disclaimer The PubMed wordmark and PubMed logo are registered.
Follow NCBI
Connect with NLM

\x20\x20
National Library of Medicine
8600 Rockville Pike
Bethesda, MD 20894

Web Policies
FOIA
HHS Vulnerability Disclosure

Help
Accessibility
Careers

NLM
NIH
HHS
USA.gov
"""

# As programs extract it: a block above the page, a blank line after every line, the PMID three times.
EXTRACTED = """\
---
title: Full text links
author: Username
date: 2022-08-25
---
Is it a key to unravel the enigma?

- PMID: 98000001

- PMCID: PMC9800001

- DOI: 10.9999/x.1

Is it a key to unravel the enigma?

Nuria Invented-Lopera 1, Ammar Abu-Invented # 2
Affiliations Collapse
Affiliations
1Department of Inventions.
#Contributed equally.
PMID: 98000001 PMCID: PMC9800001 DOI: 10.9999/x.1

Abstract

It is.

Figures

Similar articles

-

One of them.Cancers (Invent). 2025 Jan 3;17(1):133. doi: 10.9999/c1. Cancers (Invent). 2025. PMID: 98000002 Review.

-

Another.inRxiv [Preprint]. 2025 May 14:2025.05.14.65. doi: 10.9999/2025.05.14.65. inRxiv. 2025. PMID: 98000003 Preprint.
"""


def parse(text: str | bytes) -> SeedPage:
    data = text if isinstance(text, bytes) else text.encode()
    return parse_seed_document(data, seed_id="page", file_name="page.txt")


def pmids(page: SeedPage) -> list[tuple[str, int | None]]:
    return [(entry.list_name, entry.pmid) for entry in page.entries]


def parsed(page: SeedPage) -> dict[str, object]:
    """Everything but what names and quotes the file."""
    values = dict(vars(page))
    for name in ("seed_text", "seed_sha256", "seed_id", "file_name"):
        del values[name]
    return values


def rows(page: SeedPage, delivered: Iterable[int] = ()) -> dict[str, list[dict[str, object]]]:
    tables = make_seed_tables(page, run_id="r", delivered=set(delivered))
    return {name: table.to_pylist() for name, table in tables.items()}
