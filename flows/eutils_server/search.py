"""Searches over the records: what a term finds, and what Entrez says about it."""

import re
from calendar import monthrange
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log

from flows.eutils_server.record_fields import JOINT, value_token, words_of
from flows.eutils_server.records import RecordStore
from flows.eutils_server.search_fields import ALL, BY_TAG, UID, SearchField
from flows.eutils_server.search_parser import Clause, Earlier, Group, Node, Range, SearchError, parse_term

# What an untagged phrase is looked up as besides, as a whole: PubMed's automatic term mapping in small.
MAPPED_TAGS = ("mh", "ta", "au")
# Names of subsets, as this server has them as values of `sb`.
SUBSETS = {"hasabstract": "has abstract"}
# Languages whose names stand for the codes of records (MARC); the other codes are searched as they are.
LANGUAGES = {
    "chinese": "chi", "czech": "cze", "danish": "dan", "dutch": "dut", "english": "eng", "finnish": "fin",
    "french": "fre", "german": "ger", "hungarian": "hun", "italian": "ita", "japanese": "jpn", "korean": "kor",
    "norwegian": "nor", "polish": "pol", "portuguese": "por", "russian": "rus", "spanish": "spa", "swedish": "swe",
    "turkish": "tur",
}  # fmt: skip


@dataclass(frozen=True)
class TermSet:
    """An entry of the TranslationStack: a term with its field and count."""

    term: str
    field_name: str
    count: int


@dataclass
class Result:
    """What a search found, and what Entrez says about it.

    Attributes:
        pmids: In no order.
        translation: The search as it was understood.
        translations: (from, to) of phrases that were looked up as something else besides.
        stack: The search in postfix order; operators as strings.
        phrases_not_found, fields_not_found, quoted_not_found: Parts of the term as they stand.
        weighed: The sets that words found, with their weights: rare ones weigh more.
    """

    pmids: set[int] = field(default_factory=set)
    translation: str = ""
    translations: list[tuple[str, str]] = field(default_factory=list)
    stack: list[TermSet | str] = field(default_factory=list)
    phrases_not_found: list[str] = field(default_factory=list)
    fields_not_found: list[str] = field(default_factory=list)
    quoted_not_found: list[str] = field(default_factory=list)
    weighed: list[tuple[set[int], float]] = field(default_factory=list)


def search(store: RecordStore, term: str, history: Mapping[int, Sequence[int]]) -> Result:
    """What a term finds.

    Args:
        store: The records.
        term: In the language of `search_parser.py`.
        history: Earlier sets by query key.
    Raises:
        SearchError: The term, or a part of it, cannot be understood.
    """
    result = Result()
    result.pmids, result.translation = evaluate_group(store, parse_term(term), history, result)
    return result


def by_relevance(result: Result) -> list[int]:
    """The PMIDs from the most relevant to the least: the sum of the weights of what they have, then the newest."""
    # What all of them have tells none from the others.
    telling = [(pmids, weight) for pmids, weight in result.weighed if not pmids >= result.pmids]
    if not telling:
        return sorted(result.pmids, reverse=True)
    scores: Counter[int] = Counter()
    for pmids, weight in telling:
        for pmid in pmids & result.pmids:
            scores[pmid] += round(1000 * weight)
    # Most records of a large result have none of it; sorted as numbers they take a tenth of the time.
    scored = sorted(scores, key=lambda pmid: (-scores[pmid], -pmid))
    return scored + sorted(result.pmids - scores.keys(), reverse=True)


def evaluate(
    store: RecordStore, node: Node, history: Mapping[int, Sequence[int]], result: Result
) -> tuple[set[int], str]:
    """What a node of the tree finds, as a set of the caller's own, and its translation.

    Raises:
        SearchError: A set of the history is not there.
    """
    match node:
        case Group():
            found, words = evaluate_group(store, node, history, result)
            result.stack.append("GROUP")
            return found, f"({words})"
        case Earlier(key):
            if key not in history:
                raise SearchError(f"Unable to obtain query #{key}")
            found = set(history[key])
            result.stack.append(TermSet(f"#{key}", "Search", len(found)))
            return found, f"#{key}"
        case Range():
            return evaluate_range(store, node, result)
        case Clause():
            return evaluate_clause(store, node, result)


def evaluate_group(
    store: RecordStore, group: Group, history: Mapping[int, Sequence[int]], result: Result
) -> tuple[set[int], str]:
    """What clauses find, operator by operator from the left."""
    found: set[int] = set()
    said: list[str] = []
    for number, (operator, node) in enumerate(group.parts):
        weighed = len(result.weighed)
        clause, words = evaluate(store, node, history, result)
        if operator == "NOT":
            del result.weighed[weighed:]
        if number == 0:
            found = set(store.pmids) - clause if operator == "NOT" else clause
            said += ["NOT", words] if operator == "NOT" else [words]
        else:
            if operator == "AND":
                found &= clause
            elif operator == "OR":
                found |= clause
            else:
                found -= clause
            said += [operator, words]
            result.stack.append(operator)
    return found, " ".join(said)


def evaluate_range(store: RecordStore, node: Range, result: Result) -> tuple[set[int], str]:
    """What a range of dates or of PMIDs finds; of PMIDs where it names no field and no date is meant."""
    search_field = find_field(node.field, result)
    first, last = node.first.strip(), node.last.strip()
    if search_field.kind == "uid" and first.isdecimal() and last.isdecimal():
        found = store.between(("uid",), int(first[:18]), int(last[:18]))
        words = f"{first}:{last}[{UID.full_name}]"
    elif (
        search_field.kind == "date" and (days := (day_at(first, is_end=False), day_at(last, is_end=True))) and all(days)
    ):
        found = store.between(search_field.places, days[0] or 0, days[1] or 0)
        words = f"{slashed(days[0])}:{slashed(days[1])}[{search_field.full_name}]"
    else:
        result.phrases_not_found.append(f"{first}:{last}{bracketed(node.field)}")
        return set(), f"{first}:{last}[{search_field.full_name}]"
    result.stack += [TermSet(first, search_field.full_name, 0), TermSet(last, search_field.full_name, 0), "RANGE"]
    return found, words


def evaluate_clause(store: RecordStore, clause: Clause, result: Result) -> tuple[set[int], str]:
    """What words, a phrase or a value find; what is nowhere is noted."""
    search_field = find_field(clause.field, result)
    if clause.field is None and clause.text.lower() in SUBSETS:
        search_field = BY_TAG["sb"]
    if search_field.kind == "date":
        return evaluate_range(store, Range(clause.text, clause.text, clause.field), result)
    if is_pmids(clause, search_field):
        return evaluate_pmids(store, clause, result)
    if search_field.kind == "subset":
        found, words = find_subset(store, clause.text), f"{clause.text}[{search_field.full_name}]"
    elif search_field.kind == "value":
        found, words = store.match(value_expression(search_field, clause)), quoted(clause, search_field)
    else:
        found, words = find_words(store, search_field, clause, result)
    if not found:
        missing = result.quoted_not_found if clause.is_quoted else result.phrases_not_found
        star = "*" if clause.is_truncated else ""
        missing.append(
            f'"{clause.text}"{star}' if clause.is_quoted else f"{clause.text}{star}{bracketed(clause.field)}"
        )
    elif search_field.kind != "subset":
        result.weighed.append((found, log(1 + len(store.pmids) / len(found))))
    result.stack.append(TermSet(words.rpartition("[")[0] or words, search_field.full_name, len(found)))
    return set(found), words


def is_pmids(clause: Clause, search_field: SearchField) -> bool:
    """Whether a clause is a PMID or several: `[uid]`, or numbers of PMIDs without a field."""
    words = clause.text.split()
    numbers = bool(words) and all(word.isdecimal() and len(word) <= 18 for word in words)
    return search_field.kind == "uid" or (clause.field is None and numbers and not clause.is_quoted)


def evaluate_pmids(store: RecordStore, clause: Clause, result: Result) -> tuple[set[int], str]:
    """The PMIDs of a clause of numbers that there is a record of."""
    words = [word.strip(",") for word in clause.text.split()]
    numbers = {word: int(word) for word in words if word.isdecimal() and len(word) <= 18}
    found = {number for number in numbers.values() if number in store.pmids}
    result.phrases_not_found += [f"{w}{bracketed(clause.field)}" for w in words if numbers.get(w) not in found]
    result.stack.append(TermSet(clause.text, UID.full_name, len(found)))
    return found, " OR ".join(f"{word}[{UID.full_name}]" for word in words)


def find_field(tag: str | None, result: Result) -> SearchField:
    """The field that a tag names; all fields where there is none, or where it is not known, which is noted."""
    if tag is None:
        return ALL
    search_field = BY_TAG.get(" ".join(tag.lower().split()))
    if search_field is None:
        result.fields_not_found.append(tag)
        return ALL
    return search_field


def find_words(store: RecordStore, search_field: SearchField, clause: Clause, result: Result) -> tuple[set[int], str]:
    """What words find in some columns: all of them, as a phrase if quoted.

    Words without a field are looked up as a MeSH term, a journal and an author too.
    """
    words = words_of(clause.text)
    if not words:
        return set(), quoted(clause, search_field)
    columns = "{" + " ".join(search_field.places) + "}"
    star = "*" if clause.is_truncated else ""
    if clause.is_quoted:
        phrase = " ".join(words)
        return store.match(f'{columns} : "{phrase}"{star}'), quoted(clause, search_field)
    # A word with a hyphen is a phrase of its own.
    parts = [" ".join(pieces) for word in clause.text.split() if (pieces := words_of(word))]
    expressions = [f'{columns} : "{part}"' for part in parts]
    expressions[-1] += star
    found = store.match(" AND ".join(expressions))
    said = " AND ".join(f'"{part}"[{search_field.full_name}]' for part in parts)
    if clause.is_truncated:
        return found, said.removesuffix(f'"[{search_field.full_name}]') + f'*"[{search_field.full_name}]'
    if clause.field is None:
        for tag in MAPPED_TAGS:
            as_value = store.match(value_expression(BY_TAG[tag], Clause(clause.text, is_quoted=tag != "au")))
            if as_value:
                to = f'"{clause.text}"[{BY_TAG[tag].full_name}] OR {f"({said})" if len(parts) > 1 else said}'
                result.translations.append((clause.text, to))
                return found | as_value, f"({to})"
    return found, said


def value_expression(search_field: SearchField, clause: Clause) -> str:
    """The expression for a whole value; an author without quotes may have further initials, or none given."""
    expressions = []
    for place in search_field.places:
        text = LANGUAGES.get(clause.text.lower(), clause.text) if place == "la" else clause.text
        token = value_token(place, text)
        if clause.is_truncated:
            expressions.append(f'"{token}"*')
        elif place in ("au", "1au", "lastau") and not clause.is_quoted:
            has_initials = len(words_of(clause.text)) > 1
            expressions += [f'"{token}"', f'"{token}"*' if has_initials else f'"{token}{JOINT}"*']
        else:
            expressions.append(f'"{token}"')
    return f"val : ({' OR '.join(expressions)})"


def find_subset(store: RecordStore, name: str) -> set[int]:
    """A subset by name: `all`, or one that the index has as `sb`: has abstract, pubmed books, a record's status."""
    name = " ".join(name.lower().split())
    if name == "all":
        return set(store.pmids)
    return store.match(f'val : "{value_token("sb", SUBSETS.get(name, name))}"')


def quoted(clause: Clause, search_field: SearchField) -> str:
    """A clause as its translation has it."""
    return f'"{clause.text}{"*" if clause.is_truncated else ""}"[{search_field.full_name}]'


def bracketed(tag: str | None) -> str:
    """A field as it stands in a term."""
    return "" if tag is None else f"[{tag}]"


def day_at(text: str, *, is_end: bool) -> int | None:
    """The first or the last day, as YYYYMMDD, that a date as far as it is given stands for; None if it is no date."""
    found = re.fullmatch(r"(\d{1,4})(?:[/-](\d{1,2}))?(?:[/-](\d{1,2}))?", text)
    if found is None:
        return None
    year, month, day = int(found[1]), int(found[2] or (12 if is_end else 1)), int(found[3] or (31 if is_end else 1))
    if not (year > 0 and 1 <= month <= 12 and 1 <= day <= 31):
        return None
    # The last day of a month is not always a 31st.
    return year * 10_000 + month * 100 + min(day, monthrange(year, month)[1])


def slashed(day: int | None) -> str:
    """A day YYYYMMDD as PubMed writes it."""
    return f"{(day or 0) // 10_000:04}/{(day or 0) // 100 % 100:02}/{(day or 0) % 100:02}"
