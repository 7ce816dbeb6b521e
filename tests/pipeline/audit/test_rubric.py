from interlink.pipeline.audit.rubric import make_rubric
from interlink.schemas.audit import SEVERITIES, ClipVerdict, ErrorType, Verdict


def test_the_rubric_explains_every_word_of_every_closed_list():
    rubric = make_rubric()
    assert [term.name for term in rubric.claim_verdicts] == [*Verdict]
    assert [term.name for term in rubric.clip_verdicts] == [*ClipVerdict]
    assert [term.name for term in rubric.error_types] == [*ErrorType]
    assert [int(term.name) for term in rubric.severities] == [*SEVERITIES]


def test_each_term_has_a_title_of_its_own_and_a_sentence():
    rubric = make_rubric()
    for terms in (
        rubric.claim_verdicts,
        rubric.clip_verdicts,
        rubric.error_types,
        rubric.severities,
    ):
        assert len({term.title for term in terms}) == len(terms)
        assert all(term.meaning.endswith(".") for term in terms)
