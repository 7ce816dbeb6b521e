"""What each number of a report means, in the words of its pages and of the guide for auditors."""

from ..rubric import Term

MEANINGS: tuple[Term, ...] = tuple(
    Term(name=title.lower().replace(" ", "_"), title=title, meaning=meaning)
    for title, meaning in (
        (
            "The rate",
            "The share in all clips that the sample was drawn from, not only in those judged: "
            "each clip counts for as many as it stands for, one over its chance of being drawn. "
            "This is the number to quote, with its interval.",
        ),
        (
            "The interval",
            "Were the audit done again and again on other videos like these, 95 of 100 such "
            "intervals would hold the true share. Clips of one video are alike, so it is a "
            "bootstrap over videos. With fewer than 30 videos it is rough, though no narrower than "
            "were each clip of a video of its own, and no wider than were all clips of a video "
            "alike; with fewer than three videos that differ it is made wide on purpose.",
        ),
        (
            "The exact interval",
            "Clopper and Pearson's, of the plain counts: as if each claim or clip were drawn "
            "alike and apart from all others. It is about those judged, and too narrow for the "
            "dataset where several are of one video, or strata were drawn unequally: do not quote "
            "it, and ask for `wrong_upper95` in gates. Drawn thin.",
        ),
        (
            "Decided claims",
            "Those judged right or wrong. Claims that the clip does not decide are counted "
            "apart, and are part of no other rate.",
        ),
        (
            "Several raters",
            "Where several judged one clip, the majority counts; of a tie, the worse verdict. Of "
            "two raters who disagree that is the worse one, always: the report says how often.",
        ),
        (
            "Tells as much",
            "The effective sample size: how many claims, drawn with equal chances, would tell as "
            "much (Kish). Below the number judged where some clips stand for many more than "
            "others do. It knows nothing of videos.",
        ),
        (
            "Agreement",
            "How far raters agree beyond chance: 1 is always, 0 is what guessing gives. Cohen's "
            "kappa for two raters of the same clips, Krippendorff's alpha otherwise. Below "
            "0.667, or with fewer than 50 claims judged twice, no rate may be quoted: another "
            "pair of raters might have found another one. Rates of clips need 50 clips that were "
            "judged twice.",
        ),
        (
            "Same verdict again",
            "Some clips are shown twice. This is the share of their claims that a rater judged "
            "alike both times.",
        ),
        (
            "Planted errors found",
            "Some clips come again with an error put in on purpose. This is the share of them "
            "that was judged wrong. Who misses one in four misses errors of the dataset too; "
            "who calls everything wrong finds all: see the share each rater calls wrong.",
        ),
        (
            "The risk pool",
            "Clips that were picked because they look bad. They show what to repair and say "
            "nothing of the dataset: no rate counts them.",
        ),
    )
)
"""All terms, in the order in which a page explains them."""
