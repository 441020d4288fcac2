"""The phrases that PubMed sets behind a citation, and which of them are publication types."""

import re


def listed(text: str) -> frozenset[str]:
    """The names of a text, which semicolons separate."""
    return frozenset(" ".join(text.split()).split("; "))


# NLM's publication types (https://www.nlm.nih.gov/mesh/pubtypes.html), former ones included, without those of its
# catalogue of books and objects.
PUBLICATION_TYPES = listed("""
Abstracts; Adaptive Clinical Trial; Address; Addresses; Annual Report; Autobiography; Bibliography; Biography; Blog;
Book Review; Cartoon; Case Reports; Classical Article; Clinical Conference; Clinical Study; Clinical Trial; Clinical
Trial Protocol; Clinical Trial, Phase I; Clinical Trial, Phase II; Clinical Trial, Phase III; Clinical Trial, Phase IV;
Clinical Trial, Veterinary; Collected Work; Collected Works; Comment; Comparative Study; Congress; Congresses; Consensus
Development Conference; Consensus Development Conference, NIH; Controlled Clinical Trial; Corrected and Republished
Article; Dataset; Dictionary; Directory; Duplicate Publication; Editorial; Electronic Supplementary Materials; English
Abstract; Equivalence Trial; Essay; Evaluation Studies; Evaluation Study; Examination Questions; Expression of Concern;
Festschrift; Government Publication; Guidebook; Guideline; Handbook; Historical Article; Interactive Tutorial;
Interview; Introductory Journal Article; Journal Article; Laboratory Manual; Lecture; Legal Case; Legislation; Letter;
Meeting Abstract; Meta-Analysis; Monograph; Multicenter Study; Network Meta-Analysis; News; Newspaper Article; Nurses'
Instruction; Observational Study; Observational Study, Veterinary; Overall; Patient Education Handout; Periodical Index;
Personal Narrative; Pharmacopoeia; Pictorial Work; Poetry; Portrait; Portraits; Practice Guideline; Pragmatic Clinical
Trial; Preprint; Programmed Instruction; Public Service Announcement; Published Erratum; Randomized Controlled Trial;
Randomized Controlled Trial, Veterinary; Research Support, American Recovery and Reinvestment Act; Research Support,
N.I.H., Extramural; Research Support, N.I.H., Intramural; Research Support, Non-U.S. Gov't; Research Support, U.S.
Gov't, Non-P.H.S.; Research Support, U.S. Gov't, P.H.S.; Research Support, U.S. Government; Retracted Publication;
Retraction Notice; Retraction of Publication; Review; Review of Reported Cases; Review, Academic; Review, Multicase;
Review, Tutorial; Scientific Integrity Review; Scoping Review; Statistics; Study Guide; Systematic Review; Technical
Report; Terminology; Textbook; Twin Study; Unpublished Work; Validation Studies; Validation Study; Video-Audio Media;
Web Archive; Webcast; Wit and Humor
""")
# Phrases that PubMed adds itself, and the languages of articles that are not in English.
FLAGS = listed("""
Ahead of print; Author manuscript; Epub ahead of print; Free article; Free Books & Documents; Free full text; Free PMC
article; Free PMC Book; [Indexed for MEDLINE]; Indexed for MEDLINE; No abstract available; Online ahead of print;
Retracted; Retracted article; See the retraction notice; This article has been retracted; Books & Documents; Updated
""")
LANGUAGES = listed("""
Afrikaans; Albanian; Arabic; Armenian; Azerbaijani; Bosnian; Bulgarian; Catalan; Chinese; Croatian; Czech; Danish;
Dutch; English; Estonian; Finnish; French; Georgian; German; Greek; Hebrew; Hindi; Hungarian; Icelandic; Indonesian;
Italian; Japanese; Kirghiz; Korean; Latin; Latvian; Lithuanian; Macedonian; Norwegian; Persian; Polish; Portuguese;
Romanian; Russian; Serbian; Slovak; Slovenian; Spanish; Swedish; Thai; Turkish; Ukrainian; Undetermined; Vietnamese;
Welsh
""")
RETRACTED = frozenset({"retracted", "retracted article", "retracted publication", "this article has been retracted"})

_TYPES_LOWER = frozenset(t.lower() for t in PUBLICATION_TYPES)
_KNOWN = "|".join(
    re.escape(p).replace(r"\ ", r"\s+") for p in sorted(PUBLICATION_TYPES | FLAGS | LANGUAGES, key=len, reverse=True)
)
# A known phrase ends at its full stop, a semicolon, a line's end or another known phrase; some hold full stops.
_PHRASE = rf"(?:{_KNOWN})(?=[.;]|\s*(?:\n|$)|\s+(?:{_KNOWN})(?:[.;\s]|$))"
KNOWN_PHRASE = re.compile(_PHRASE, re.IGNORECASE)
ANY_PHRASE = re.compile(r".+?(?=\.(?:\s|$)|$)")
# Known phrases and identifiers in a row, across line breaks.
PHRASES = re.compile(
    rf"(?:[\s.;,|]*(?:{_PHRASE}|PMCID\s*:?\s*PMC[0-9]+|\bDOI\s*:\s*10\.\S+|Bookshelf\s+ID\s*:\s*NBK[0-9]+))*[.;]?",
    re.IGNORECASE,
)


def split_phrases(text: str) -> list[str]:
    """The phrases of a text in order, without their full stops: `Free PMC article. Review.` gives two."""
    phrases: list[str] = []
    position = 0
    while True:
        while position < len(text) and text[position] in " .;,|":
            position += 1
        match = KNOWN_PHRASE.match(text, position) or ANY_PHRASE.match(text, position)
        if match is None:
            return phrases
        phrases.append(match[0].strip())
        position = match.end()


def is_publication_type(phrase: str) -> bool:
    """Whether a phrase is one of NLM's publication types."""
    return phrase.lower() in _TYPES_LOWER


def are_known_phrases(line: str) -> bool:
    """Whether a line holds such phrases and nothing else."""
    phrases = split_phrases(line)
    return bool(phrases) and all((m := KNOWN_PHRASE.match(p)) and m.end() == len(p) for p in phrases)


def is_retracted(phrases: tuple[str, ...]) -> bool:
    """Whether an entry's phrases say that the paper is retracted; those of a retraction notice do not."""
    return any(phrase.lower() in RETRACTED or phrase.startswith("Retraction in: ") for phrase in phrases)
