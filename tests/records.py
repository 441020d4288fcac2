"""PubMed records for tests, written for this project; no record of NLM's."""

ARTICLE = """<PubmedArticle>
  <MedlineCitation Status="{status}" Owner="NLM">
    <PMID Version="{version}">{pmid}</PMID>
    <DateRevised><Year>{revised[0]}</Year><Month>{revised[1]}</Month><Day>{revised[2]}</Day></DateRevised>
    <Article PubModel="Print">
      <Journal>
        <ISSN IssnType="Print">1234-5678</ISSN>
        <JournalIssue CitedMedium="Print"><Volume>7</Volume><Issue>2</Issue>
          <PubDate><Year>{year}</Year><Month>Mar</Month><Day>4</Day></PubDate></JournalIssue>
        <Title>Journal of Invented Results</Title><ISOAbbreviation>J Invent Res</ISOAbbreviation>
      </Journal>
      <ArticleTitle>{title}</ArticleTitle>
      <Pagination><MedlinePgn>11-9</MedlinePgn></Pagination>
      {article}
      <Language>eng</Language>
      <PublicationTypeList><PublicationType UI="D016428">Journal Article</PublicationType></PublicationTypeList>
    </Article>
    <MedlineJournalInfo><MedlineTA>J Invent Res</MedlineTA><NlmUniqueID>0000001</NlmUniqueID></MedlineJournalInfo>
    {citation}
  </MedlineCitation>
  <PubmedData>
    <History><PubMedPubDate PubStatus="entrez"><Year>{year}</Year><Month>3</Month><Day>5</Day></PubMedPubDate></History>
    <PublicationStatus>ppublish</PublicationStatus>
    <ArticleIdList><ArticleId IdType="pubmed">{pmid}</ArticleId></ArticleIdList>
    {data}
  </PubmedData>
</PubmedArticle>
"""


def article(
    pmid: object,
    *,
    title: str = "Ketamine in an invented trial.",
    version: int = 1,
    revised: tuple[str, str, str] = ("2020", "01", "02"),
    parts: tuple[str, str, str] = ("", "", ""),
) -> str:
    """A PubmedArticle.

    Args:
        pmid: Its PMID.
        title: ArticleTitle, markup and all.
        version: Version of the PMID.
        revised: Year, month and day of DateRevised.
        parts: XML to put into Article (behind Pagination), MedlineCitation (at its end) and PubmedData (at its end).
    """
    return ARTICLE.format(
        pmid=pmid,
        title=title,
        version=version,
        revised=revised,
        status="MEDLINE",
        year=2019,
        article=parts[0],
        citation=parts[1],
        data=parts[2],
    )


def article_set(*records: str, after: str = "") -> bytes:
    """A PubmedArticleSet, as EFetch and NLM's files have it."""
    doctype = '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
    doctype += '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">'
    body = "".join(records)
    return f'<?xml version="1.0" ?>\n{doctype}\n<PubmedArticleSet>\n{body}{after}</PubmedArticleSet>\n'.encode()
