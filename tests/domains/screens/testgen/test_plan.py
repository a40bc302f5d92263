"""What is true of a plan: what it checks, how it gets there, and what it leaves to a person."""

from __future__ import annotations

from itertools import pairwise

import pytest
from tests.domains.screens.testgen.shop import ITEM, LISTS, LOGIN, SHOP, by_id, element, found_by, model, screen

from samouk.domains.screens.appmodel.model import AppElement, AppModel
from samouk.domains.screens.source.widgets import BACK, Entry, EntryKind
from samouk.domains.screens.testgen.cases import Case, Plan, Step
from samouk.domains.screens.testgen.finding import found_everywhere
from samouk.domains.screens.testgen.landmarks import TITLE, landmarks
from samouk.domains.screens.testgen.plan import plan, untested
from samouk.domains.screens.testgen.waiting import holding, waiting

PLAN = plan(SHOP)


def case(key: str, made: Plan = PLAN) -> Case:
    return next(one for one in made.cases if one.key == key)


def told(one: Case) -> list[tuple[str, ...]]:
    """Steps without the screen and what is empty."""
    return [tuple(part for part in (step.verb, step.element, step.value) if part) for step in one.steps]


def reasons(app: AppModel, made: Plan) -> dict[tuple[str, str], str]:
    return waiting(app, made, found_everywhere(app))


def test_every_element_that_can_be_found_is_touched() -> None:
    """And nothing else is."""
    for one in SHOP.screens:
        touched = {key for each in PLAN.cases if each.screen == one.key for key in each.touches}
        assert touched == {each.key for each in one.elements if each.locators and each.interactive}


def test_every_case_that_touches_an_element_looks_whether_it_is_usable_or_at_least_shown() -> None:
    """So that deleting, renaming or disabling it fails."""
    for one in PLAN.cases:
        for key in one.touches:
            verbs = {step.verb for step in one.steps if step.element == key}
            assert verbs & {"usable"} or (verbs == {"shown"} and SHOP.element(one.screen, key).enabled is False)


def test_every_transition_is_covered() -> None:
    """By a tap that is checked on the screen behind it."""
    for edge in SHOP.transitions:
        covering = [
            one
            for one in PLAN.cases
            if one.screen == edge.source
            and Step("tap", edge.source, edge.element) in one.steps
            and one.steps[-1] == Step("at", edge.target)
        ]
        assert covering, edge


def test_ways_are_the_shortest_and_are_checked_at_each_screen() -> None:
    """From the screen on which the app opens."""
    way = case("dark_turns_on_and_off").way
    assert [step.element for step in way if step.verb == "tap"] == ["sign_in", "more", "settings"]
    assert [step.screen for step in way if step.verb == "at"] == ["login", "lists", "menu", "settings"]


def test_a_form_is_filled_before_it_is_sent() -> None:
    """A sign-in without an address leads nowhere."""
    steps = told(case("sign_in_opens_lists"))
    assert [step[:2] for step in steps] == [
        ("usable", "sign_in"),
        ("type", "email"),
        ("type", "password"),
        ("tap", "sign_in"),
        ("at",),
    ]


def test_inputs_hold_what_they_take_and_not_what_the_app_cuts() -> None:
    """N characters stand, N + 1 do not."""
    assert told(case("email_takes_an_address"))[1:] == [
        ("type", "email", "person.name+tag@example.org"),
        ("holds", "email", "person.name+tag@example.org"),
    ]
    steps = told(case("name_takes_20_characters"))
    assert [len(step[2]) for step in steps if step[0] == "holds"] == [20]
    assert [len(step[2]) for step in steps if step[0] == "holds_not"] == [21]
    assert "holds_not" in [step[0] for step in told(case("amount_takes_digits_only"))]


def test_an_unfiltered_number_is_not_asked_to_refuse_letters() -> None:
    """Only what the app itself does is tested."""
    app = model(screen("only", by_id("age", "text_input", entry=Entry("number"))))
    verbs = {step.verb for one in plan(app).cases for step in one.steps}
    assert "holds_not" not in verbs


@pytest.mark.parametrize("most", [1, 2, 5, 12])
def test_typed_values_are_never_longer_than_the_input(most: int) -> None:
    """But for the one that must not stand there."""
    kinds: tuple[EntryKind, ...] = ("text", "email", "number", "phone", "url", "date", "search")
    entries = [by_id(f"in_{kind}", "text_input", entry=Entry(kind, max_length=most)) for kind in kinds]
    for one in plan(model(screen("only", *entries))).cases:
        for step in one.steps:
            if step.verb == "holds":
                assert 0 < len(step.value) <= most


def test_text_is_tried_in_other_alphabets() -> None:
    """Where the input takes any."""
    assert not case("name_takes_other_alphabets").steps[1].value.isascii()


def test_passwords_are_masked_and_never_read() -> None:
    """Also where only the type tells that it is one."""
    assert [step[0] for step in told(case("password_hides_what_is_typed"))] == ["usable", "type", "masked"]


def test_toggles_turn_and_turn_back() -> None:
    """From the state that the source tells, or from whichever they are in."""
    assert [step[0] for step in told(case("remember_turns_on_and_off"))] == [
        "usable",
        "unchecked",
        "tap",
        "checked",
        "tap",
        "unchecked",
    ]
    assert [step[0] for step in told(case("bought_turns_on_and_off"))][-2:] == ["usable", "flips"]


def test_a_choice_moves_between_neighbours() -> None:
    """And comes back."""
    assert told(case("kilos_can_be_chosen")) == [
        ("usable", "kilos"),
        ("tap", "pieces"),
        ("checked", "pieces"),
        ("unchecked", "kilos"),
        ("tap", "kilos"),
        ("checked", "kilos"),
        ("unchecked", "pieces"),
    ]


def test_of_a_list_some_row_is_asked_for() -> None:
    """Never a number of them."""
    assert told(case("row_opens_item"))[:2] == [("some", "row"), ("usable", "row")]


def test_titles_are_read_and_the_first_screen_is_open() -> None:
    """Of every screen that has a title."""
    assert told(next(one for one in PLAN.cases if one.key == "title_reads")) == [("reads", "Lists")]
    assert case("app_opens_here").way == (Step("at", LOGIN.key),)
    assert told(case("app_opens_here")) == []


def test_nothing_is_checked_twice_in_a_row() -> None:
    """A check changes nothing, so that the second could not fail."""
    for one in PLAN.cases:
        steps = (*one.way, *one.steps)
        assert all(a != b or a.verb in ("tap", "type", "back") for a, b in pairwise(steps)), one.key


def test_a_title_that_no_bar_shows_is_not_read() -> None:
    """In Android XML it may be a label that only the system knows."""
    bar = element("bar", "app_bar", found_by("id", "bar"), interactive=False)
    for bars, framework, read in ((), "android", False), ((bar,), "android", True), ((), "compose", True):
        app = model(screen("only", by_id("ok", "button"), *bars, title="Only", framework=framework))
        assert ("title_reads" in [one.key for one in plan(app).cases]) is read


def test_what_is_disabled_is_only_looked_at() -> None:
    """Nobody can use it yet."""
    assert told(case("sync_is_shown")) == [("shown", "sync")]


def test_leaving_leads_to_what_lay_below_the_menu() -> None:
    """A menu closes when it leads somewhere."""
    steps = next(one for one in PLAN.cases if one.screen == "settings" and one.key.startswith("back")).steps
    assert steps == (Step("back", "settings"), Step("at", "lists"))
    assert case("cancel_returns_to_lists").steps[-1] == Step("at", "lists")


def test_nobody_goes_back_to_a_password() -> None:
    """Apps close the screen behind a sign-in."""
    assert not [one for one in PLAN.cases if one.screen == "lists" and one.key.startswith("back")]


def test_what_lies_behind_the_fold_is_scrolled_to() -> None:
    """Before anything else is done with it."""
    assert case("save_opens_lists").steps[0].verb == "scroll_to"


def test_conditional_elements_wait_for_a_person_unless_they_stand_in_a_menu() -> None:
    """The reason names the line; so it is in formats that cannot ask while a test runs."""
    found = reasons(SHOP, plan(SHOP, found_everywhere(SHOP)))
    assert found["lists", "undo_can_be_used"] == "shown only under a condition, app/lists.xml:8"
    assert ("menu", "sort_can_be_used") not in found


def test_conditional_elements_are_asked_for_where_a_test_can_tell_that_they_are_away() -> None:
    """Once, before anything else is done with them; nothing is asked in a menu, and nothing of what is always there."""
    assert told(case("undo_can_be_used")) == [("given", "undo"), ("usable", "undo")]
    assert not any(
        case in reasons(SHOP, PLAN) for case in [("lists", "undo_can_be_used"), ("menu", "sort_can_be_used")]
    )
    asked = {
        (step.screen, step.element) for one in PLAN.cases for step in (*one.way, *one.steps) if step.verb == "given"
    }
    assert asked == {("lists", "undo")}


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        pytest.param(by_id("rows", "list", interactive=False, conditional=True), "", id="a list"),
        pytest.param(by_id("rows", "list_item", conditional=True, enabled=False), "", id="disabled"),
        pytest.param(by_id("rows", "button", conditional=True), "rows_can_be_used", id="a button may be disabled"),
    ],
)
@pytest.mark.parametrize("above", [1, 9], ids=["in view", "behind the fold"])
def test_what_is_asked_for_and_only_looked_at_then_is_no_test(asked: AppElement, kept: str, above: int) -> None:
    """It could not fail: away it is left, and there it passes. Where nobody can ask, a person sees to it."""
    app = model(screen("only", *(by_id(f"b{at}", "button") for at in range(above)), asked, entry=True))
    assert [one.key for one in plan(app).cases if "rows" in one.touches] == ([kept] if kept else [])
    cannot_ask = plan(app, found_everywhere(app))
    (waits,) = [one.key for one in cannot_ask.cases if "rows" in one.touches]
    assert "shown only under a condition" in reasons(app, cannot_ask)["only", waits]


def test_a_way_under_a_condition_is_taken_where_there_is_no_other() -> None:
    """It asks first; a longer way that is always open comes before it."""
    door = by_id("door", "button", leads_to="inner", conditional=True)
    inner = screen("inner", by_id("deep", "button"))
    made = plan(model(screen("outer", door, by_id("other", "button"), entry=True), inner))
    asks = Step("given", "outer", "door"), Step("tap", "outer", "door"), Step("at", "inner")
    assert case("deep_can_be_used", made).way == (Step("at", "outer"), *asks)
    hall = screen("hall", by_id("stairs", "button", leads_to="inner"))
    around = plan(model(screen("outer", door, by_id("far", "button", leads_to="hall"), entry=True), hall, inner))
    assert [step.element for step in case("deep_can_be_used", around).way if step.verb == "tap"] == ["far", "stairs"]
    assert not around.unreached


def test_elements_that_nothing_finds_are_named_and_not_tested() -> None:
    """Nor are those that only a class without meaning finds."""
    only = element("odd", "button", found_by("kind", "android.view.View"))
    app = model(screen("only", only, by_id("ok", "button"), element("bare", "button")))
    assert [one.key for _, one in untested(app)] == ["odd", "bare"]
    assert {key for one in plan(app).cases for key in one.touches} == {"ok"}


def test_screens_without_a_way_are_unreached_and_say_why() -> None:
    """Their tests are there, and wait."""
    assert [(one.screen, one.reason) for one in PLAN.unreached] == [
        ("about", "nothing in the source is known to lead here")
    ]
    assert case("licences_can_be_used").way == ()
    assert reasons(SHOP, PLAN)["about", "licences_can_be_used"].startswith("no way is known")


def test_what_most_tests_wait_for_is_told_first() -> None:
    """Behind a closed screen all wait for what closes that."""
    shut = by_id("door", "button", leads_to="inner", conditional=True)
    app = model(
        screen("outer", shut, by_id("far", "button", leads_to="twin"), entry=True),
        screen("inner", by_id("a", "button", leads_to="deep"), title="Inner", framework="compose"),
        screen("deep", by_id("b", "button"), by_id("c", "button"), title="Deep", framework="compose"),
        screen("twin", by_id("far", "button")),
    )
    made = plan(app, found_everywhere(app))
    found = holding(app, made, waiting(app, made, found_everywhere(app)))
    assert sum(one.tests for one in found) == len(reasons(app, made))
    assert (found[0].screen, found[0].reason) == (
        "inner",
        "what leads here is shown only under a condition, app/outer.xml:2",
    )
    assert found[0].tests == sum(one.screen in ("inner", "deep") for one in made.cases)
    lost = model(screen("a", by_id("x", "button", leads_to="b")), screen("b", by_id("y", "button")))
    drafted = plan(lost)
    (all_of_it,) = holding(lost, drafted, waiting(lost, drafted, found_everywhere(lost)))
    assert all_of_it == ("", "the source does not tell on which screen the app opens", len(plan(lost).cases))


def test_a_way_that_may_be_closed_is_none() -> None:
    """The reason names what closes it."""
    door = by_id("door", "button", leads_to="inner", conditional=True)
    app = model(
        screen("outer", door, title="Outer", framework="compose", entry=True), screen("inner", by_id("deep", "button"))
    )
    made = plan(app, found_everywhere(app))
    assert made.unreached[0].reason == "what leads here is shown only under a condition, app/outer.xml:2"


def test_screens_are_told_apart_by_what_only_they_show() -> None:
    """Words on the button that leads there prove nothing."""
    app = model(
        screen("home", element("to", "button", found_by("text", "Settings"), leads_to="settings"), entry=True),
        screen("settings", by_id("dark", "switch"), title="Settings"),
    )
    assert landmarks(app, found_everywhere(app))["settings"].shown == ("dark",)
    alike = model(screen("one", by_id("a", "button"), title="T"), screen("two", by_id("a", "button"), title="T"))
    assert landmarks(alike, found_everywhere(alike))["one"].likes == ("two",)


def test_two_elements_tell_a_screen_that_none_tells_alone() -> None:
    """Together they stand nowhere else."""
    app = model(
        screen("one", by_id("a", "button"), by_id("b", "button"), entry=True),
        screen("two", by_id("b", "button"), title="T", framework="compose"),
        screen("three", by_id("a", "button"), title="T", framework="compose"),
    )
    found = landmarks(app, found_everywhere(app))
    assert found["one"].shown == ("a", "b")
    assert found["two"].shown == ("b", TITLE)


def test_a_screen_that_looks_like_the_one_before_is_not_tested_as_reached() -> None:
    """A tap that does nothing would pass: the case waits, and the element is looked at all the same."""
    app = model(
        screen("home", by_id("go", "button", leads_to="one"), by_id("same", "button"), entry=True),
        screen("one", by_id("same", "button")),
    )
    found = reasons(app, plan(app))
    assert "nothing tells it from Home" in found["home", "go_opens_one"]
    assert ("home", "go_can_be_used") not in found


def test_a_screen_that_looks_like_a_third_is_tested_as_reached() -> None:
    """What was tapped has led away from the one before, and a person could not tell the two apart either."""
    twin = by_id("same", "button")
    app = model(
        screen("home", by_id("go", "button", leads_to="one"), by_id("on", "button", leads_to="two"), entry=True),
        screen("one", twin, by_id("next", "button", leads_to="two")),
        screen("two", twin),
    )
    made = plan(app)
    found = reasons(app, made)
    assert landmarks(app, found_everywhere(app))["two"].likes == ("one",)
    assert ("home", "on_opens_two") not in found
    assert ("two", "same_can_be_used") not in found
    assert "nothing tells it from One" in found["one", "next_opens_two"]


def test_three_elements_tell_a_screen_that_two_do_not() -> None:
    """Each pair of them stands on another screen too."""
    one, two, three = (by_id(key, "button") for key in "abc")
    app = model(
        screen("all", one, two, three, entry=True),
        screen("x", one, two),
        screen("y", two, three),
        screen("z", one, three),
    )
    assert landmarks(app, found_everywhere(app))["all"] == (("a", "b", "c"), (), False)


def test_a_screen_on_which_everything_comes_and_goes_is_told_by_one_of_it() -> None:
    """Each stands there alone; a single one may well be away, and not every format can ask."""
    rows, none = by_id("row", "list_item", repeated=True), by_id("empty", "text", interactive=False, conditional=True)
    home = screen("home", by_id("go", "button", leads_to="rows"), entry=True)
    app = model(home, screen("rows", rows, none))
    finds = found_everywhere(app)
    assert landmarks(app, finds, asks=True)["rows"] == (("row", "empty"), (), True)
    assert landmarks(app, finds)["rows"] == ((), (), False)
    assert landmarks(model(home, screen("rows", rows)), finds, asks=True)["rows"] == ((), (), False)
    assert ("home", "go_opens_rows") not in reasons(app, plan(app))


ROWS = by_id("row", "list_item", repeated=True)
EMPTY = by_id("empty", "text", interactive=False, conditional=True)
BROKEN = by_id("error", "text", interactive=False, conditional=True)
BARE = element("row", "list_item", repeated=True)
AWAY = {"interactive": False, "conditional": True}


def lone(*elements: AppElement) -> tuple[str, ...]:
    """What tells a second screen by one of it; empty where that is not sure to be there."""
    app = model(
        screen("home", by_id("go", "button", leads_to="notes"), entry=True),
        screen("notes", *elements),
    )
    found = landmarks(app, found_everywhere(app), asks=True)["notes"]
    return found.shown if found.one_of else ()


@pytest.mark.parametrize(
    ("elements", "told"),
    [
        pytest.param((ROWS, EMPTY), ("row", "empty"), id="rows or none"),
        pytest.param((BROKEN, EMPTY, ROWS), ("row", "empty", "error"), id="and a fault"),
        pytest.param((BARE, EMPTY, BROKEN), (), id="rows that nothing finds"),
        pytest.param((ROWS, BROKEN), (), id="no word of an empty list"),
        pytest.param((EMPTY, BROKEN), (), id="no rows"),
        pytest.param((ROWS, by_id("empty", "button", conditional=True)), (), id="a button that empties the list"),
        pytest.param(
            (ROWS, by_id("badge", "text", repeated=True, conditional=True), EMPTY),
            ("row", "empty", "badge"),
            id="and parts",
        ),
        pytest.param(
            (BARE, by_id("badge", "text", repeated=True, conditional=True), EMPTY), (), id="a part of some rows"
        ),
        pytest.param((BARE, by_id("more", "button", repeated=True), EMPTY), (), id="what comes below rows"),
        pytest.param((by_id("row", "list_item", repeated=True, conditional=True), EMPTY), ("row", "empty"), id="else"),
    ],
)
def test_one_of_what_comes_and_goes_tells_a_screen_only_where_one_is_sure_to_be_there(
    elements: tuple[AppElement, ...], told: tuple[str, ...]
) -> None:
    """Else every test of a screen in good health would say that it is not open."""
    assert lone(*elements) == told


@pytest.mark.parametrize(
    ("name", "says"),
    [("no_notes", True), ("noItems", True), ("emptyView", True), ("no_internet", False), ("notes_error", False)],
)
def test_an_empty_list_is_told_by_a_name_and_not_by_words(name: str, says: bool) -> None:
    """That of the element, or of the resource that its words come from."""
    words = element("message", "text", found_by("text", "Пусто", key=name), **AWAY)
    assert lone(ROWS, words) == (("row", "message") if says else ())
    hidden = element("words", "text", found_by("text", "Пусто"), hidden_identifier=name, **AWAY)
    assert lone(ROWS, hidden) == (("row", "words") if says else ())


def test_what_is_found_alike_is_looked_for_once() -> None:
    """And as the first of its like."""
    found = [found_by("label", "Delete", nth=at, unique=False) for at in range(4)]
    alike = [element(f"delete_{at}", "button", way, conditional=True) for at, way in enumerate(found)]
    assert lone(*alike, ROWS, EMPTY) == ("row", "empty", "delete_0")
    assert lone(*alike[1:], ROWS, EMPTY) == ("row", "empty")


def test_two_platforms_are_tested_by_what_both_find() -> None:
    """An element that only one finds has no test."""
    one = element("age", "dropdown", found_by("kind", "Picker"))
    app = model(screen("only", one, by_id("ok", "button"), framework="react_native"), platforms=("android", "ios"))
    assert [key for each in plan(app).cases for key in each.touches] == ["ok"]


def test_keys_are_ascii_stable_and_unique() -> None:
    """Whatever the elements are called."""
    names = ("почта", "名前", "住所", "class", "save", "save_2")
    app = model(screen("экран", *(by_id(name, "button") for name in names)))
    keys = [one.key for one in plan(app).cases]
    assert len(set(keys)) == len(keys) == 1 + len(names)
    assert all(key.isascii() and key.isidentifier() for key in keys)
    assert keys == [one.key for one in plan(app).cases]
    assert "pochta_can_be_used" in keys


def test_a_screen_that_leads_to_itself_and_a_back_on_the_first_screen_prove_nothing() -> None:
    """They are looked at only."""
    app = model(
        screen("home", by_id("again", "button", leads_to="home"), by_id("out", "button", leads_to=BACK), entry=True)
    )
    assert [one.key for one in plan(app).cases] == ["app_opens_here", "again_can_be_used", "out_can_be_used"]


def test_an_app_without_screens_has_no_cases() -> None:
    """And one without a first screen reaches nothing."""
    assert plan(model()).cases == ()
    lost = plan(model(screen("a", by_id("x", "button")), screen("b", by_id("y", "button"))))
    assert {one.reason for one in lost.unreached} == {"the source does not tell on which screen the app opens"}


def test_every_step_names_what_the_model_has() -> None:
    """Writers look it up."""
    for one in PLAN.cases:
        for step in (*one.way, *one.steps):
            assert step.screen in SHOP.by_key
            if step.element:
                SHOP.element(step.screen, step.element)
    assert {LOGIN.key, LISTS.key, ITEM.key} <= {one.screen for one in PLAN.cases}


def test_an_identifier_with_data_tells_a_screen_where_no_other_may_begin_so() -> None:
    """Neither with data nor whole."""
    tab = element("tab", "tab", found_by("id_start", "tab-"))
    home, other = screen("home", tab, entry=True, framework="compose"), by_id("tab_one", "tab")
    alone = model(home, screen("two", other, framework="compose"))
    assert landmarks(alone, found_everywhere(alone))["home"] == (("tab",), (), False)
    for also in (found_by("id", "tab-1"), found_by("id_start", "tab-1-"), found_by("id_start", "tab")):
        alike = model(home, screen("two", element("x", "tab", also), framework="compose"))
        assert landmarks(alike, found_everywhere(alike))["home"].likes == ("two",)
