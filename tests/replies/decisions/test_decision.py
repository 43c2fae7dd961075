"""The decision on a reply."""

import time
from datetime import date

import pytest

from replies import decide, says_stop
from replies.decisions.decision import MOST_READ
from replies.request import Decision, EmailKind, Request
from tests.replies.decisions import decision_of

TODAY = date(2026, 11, 24)  # a Tuesday
DAY = 86_400


@pytest.mark.parametrize(
    "text", ["I would like to unsubscribe", "please take me off this list", "opt out", "no more mails pls",
             "unsubscirbe", "Un subscribe please", "Ich möchte mich abmelden", "je ne veux plus recevoir vos mails",
             "Désinscription", "cancellami", "não quero mais receber emails", "Graag uitschrijven"],
)  # fmt: skip
def test_w1_a_wish_to_stop_is_understood_in_free_wording(text: str) -> None:
    assert decision_of(text) == "obey:stop"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("could I get them at 9 o'clock at night please", "obey:time:21"),
        ("a fortnight's pause please".replace("'s", ""), "obey:pause:until:2026-12-08"),
        ("pause till after Christmas", "ask:pause"),
        ("bitte bis Montag pausieren", "obey:pause:until:2026-11-30"),
        ("Bitte erst ab Montag weiter", "obey:pause:until:2026-11-30"),
    ],
)
def test_w6_days_and_hours_are_understood_as_people_write_them(text: str, label: str) -> None:
    assert decision_of(text) == label


@pytest.mark.parametrize(
    "text",
    [
        "I need to stop hurting her.",
        "She asked for a pause.",
        "Cancel my subscription to the gym and be home at six.",
        "Stop emailing my ex. I promised in May.",
        "I almost wrote STOP yesterday. I'm still here.",
        "Don't stop these, they are the only thing that gets me up in the morning",
        "Yes",
        "not yet",
    ],
)
def test_w3_the_same_words_about_their_life_are_kept(text: str) -> None:
    assert decision_of(text) == "keep"


def test_start_over_is_asked_about() -> None:
    """The introduction asks the subscriber for a wish, and this may be one."""
    assert decision_of("Start over") == "ask:again"


@pytest.mark.parametrize(
    ("answered", "text", "label"),
    [
        (EmailKind.WAY_BACK, "👍", "ask:way-back"),
        (EmailKind.WAY_BACK, "She laughs, and her shoulders stay up.", "ask:way-back"),
        (EmailKind.WAY_BACK, "", "keep"),
        (EmailKind.CONFIRM, "", "obey:yes"),
        (EmailKind.CONFIRM, "how does it work? do I have to pay", "ask:help"),
        (EmailKind.CONFIRM, "maybe later", "keep"),
        (EmailKind.ERASE, "Yes, but I'd want a copy of it first.", "ask:export"),
        (EmailKind.ERASE, "Ja, wahrscheinlich, aber erst morgen", "ask:erase"),
    ],
)
def test_a_reply_without_a_clear_request_is_decided(answered: EmailKind, text: str, label: str) -> None:
    assert decision_of(text, answered) == label


def test_the_beginning_and_the_end_of_a_long_text_are_read() -> None:
    story = "We sat in the kitchen. " * 1000
    assert len(story) > 2 * MOST_READ
    assert decision_of(f"{story} Please unsubscribe me.") == "ask:stop"
    assert decision_of(f"{story} Please unsubscribe me. {story}") == "keep"


@pytest.mark.parametrize("text", ["a," * 130_000, "stop\n" * 50_000, "please stop " * 20_000, "i " * 200_000])
def test_a_hostile_text_takes_little_time(text: str) -> None:
    began = time.process_time()
    for answered in EmailKind:
        decide(text, answered, TODAY)
    plain = time.process_time() - began
    began = time.process_time()
    for _ in range(20):
        "".join(sorted(text))
    assert plain < 20 + 200 * (time.process_time() - began)


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("pause until 2020-01-01", date(2020, 1, 1)),
        ("pause until 24 November 2026", TODAY),
        ("pause 99999999 days", date(2036, 12, 1)),
        ("pause until 3/4", None),
        (f"pause until {'9' * 50}-01-01", None),
    ],
)
def test_a_pause_ends_on_the_day_that_the_reply_names(text: str, until: date | None) -> None:
    found = decide(text, EmailKind.LESSON, TODAY)
    assert found == Decision(Decision.Kind.OBEY, Request(Request.Command.PAUSE, until=until))


@pytest.mark.parametrize("text", ["Stop", "STOP.", "stop!\n", "¡Baja!", "para", "Stopp"])
def test_r23_the_bare_word_is_recognised_in_any_spelling(text: str) -> None:
    assert says_stop(text)


@pytest.mark.parametrize("text", ["", "Stop please", "Stop\n\nEve", "unsubscribe", "cancel", "pause", "no", "stop it"])
def test_r23_more_or_other_words_are_not_the_bare_word(text: str) -> None:
    assert not says_stop(text)


@pytest.mark.parametrize(
    ("answered", "texts"),
    [
        (
            EmailKind.ERASE,
            ["Delete everything? No!", "Ja.\n\nNach Weihnachten.", "YES\n\nSAVE IT FIRST", "Yes, my mistake.",
             "Yes. That wasn't me.", "Yes, wait.", "Sí, no fui yo.", "Yes, forget it.", "“Delete everything.”"],
        ),
        (
            EmailKind.CONFIRM,
            ["Ok, wrong person.", "Ok, I didn't sign up for this.", "Ok, not interested", "Ok, das war ich nicht.",
             "Vale, me equivoqué", "Yes, who is this", "Ja, worum geht es", "Yes, this is spam"],
        ),
        (
            EmailKind.WAY_BACK,
            ["Ja\n\nIm Traum", "Yes... I wish.", "Yes, in theory.", "Yeah, right.", "No. I mean yes.", "Stop? No."],
        ),
        (
            EmailKind.LESSON,
            ["Unsubscribe? No!", "STOP\n\nSHOUTING AT HER", "Ich will nicht mehr sein.", "I want everything to end.",
             "Ich habe keine Mails bekommen", "I don't need you.", "Don't write to me.", "Kein Scheiß.",
             "Tengo que empezar de cero.", "Unsubscribe. Block. Mute. That is what I do with people.",
             "Cancel my subscription, the gym one.", "Darme de baja. Desaparecer. Es lo que hago siempre.", "«Basta.»"],
        ),
        (EmailKind.OFFER, ["Yes, I like them.", "Yes, I want to stay.", "Ja, ich meinte den Streit."]),
    ],
)  # fmt: skip
def test_words_that_only_look_like_a_grave_request_are_not_obeyed(answered: EmailKind, texts: list[str]) -> None:
    """A person who had read the tables searched for such words and found these."""
    assert [text for text in texts if decision_of(text, answered).startswith("obey")] == []
