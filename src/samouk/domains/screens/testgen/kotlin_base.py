"""What all generated Kotlin tests share: how the app is opened, and matchers that the libraries do not bring."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

COMPOSE_IMPORTS = (
    "androidx.compose.ui.semantics.SemanticsProperties",
    "androidx.compose.ui.test.SemanticsMatcher.Companion.keyIsDefined",
    "androidx.compose.ui.test.assert",
    "androidx.compose.ui.test.assertIsDisplayed",
    "androidx.compose.ui.test.assertIsEnabled",
    "androidx.compose.ui.test.assertIsNotSelected",
    "androidx.compose.ui.test.assertIsOff",
    "androidx.compose.ui.test.assertIsOn",
    "androidx.compose.ui.test.assertIsSelected",
    "androidx.compose.ui.test.assertTextContains",
    "androidx.compose.ui.test.assertTextEquals",
    "androidx.compose.ui.test.hasAnyAncestor",
    "androidx.compose.ui.test.hasClickAction",
    "androidx.compose.ui.test.hasContentDescription",
    "androidx.compose.ui.test.hasTestTag",
    "androidx.compose.ui.test.hasText",
    "androidx.compose.ui.test.performClick",
    "androidx.compose.ui.test.performTextReplacement",
)
ESPRESSO_IMPORTS = (
    "androidx.test.espresso.Espresso.onView",
    "androidx.test.espresso.Espresso.pressBack",
    "androidx.test.espresso.action.ViewActions.click",
    "androidx.test.espresso.action.ViewActions.closeSoftKeyboard",
    "androidx.test.espresso.action.ViewActions.replaceText",
    "androidx.test.espresso.assertion.ViewAssertions.matches",
    "androidx.test.espresso.matcher.ViewMatchers.isChecked",
    "androidx.test.espresso.matcher.ViewMatchers.isClickable",
    "androidx.test.espresso.matcher.ViewMatchers.isDescendantOfA",
    "androidx.test.espresso.matcher.ViewMatchers.isDisplayed",
    "androidx.test.espresso.matcher.ViewMatchers.isEnabled",
    "androidx.test.espresso.matcher.ViewMatchers.isNotChecked",
    "androidx.test.espresso.matcher.ViewMatchers.withContentDescription",
    "androidx.test.espresso.matcher.ViewMatchers.withHint",
    "androidx.test.espresso.matcher.ViewMatchers.withResourceName",
    "androidx.test.espresso.matcher.ViewMatchers.withText",
    "org.hamcrest.Matchers.allOf",
    "org.hamcrest.Matchers.not",
    "org.hamcrest.Matchers.startsWith",
    "org.junit.Ignore",
    "org.junit.Test",
)


@dataclass(frozen=True, slots=True)
class _Half:
    """What one of the two ways to write a screen needs: lines of Gradle's, imports, members of the shared class."""

    needs: tuple[str, ...]
    imports: tuple[str, ...]
    members: str


_SHARED = _Half(
    (
        'androidTestImplementation("androidx.test:core:1.6.1")',
        'androidTestImplementation("androidx.test:runner:1.6.2")',
        'androidTestImplementation("androidx.test.ext:junit:1.2.1")',
        'androidTestImplementation("androidx.test.espresso:espresso-core:3.6.1")',
    ),
    (
        "android.app.Activity",
        "android.content.Context",
        "androidx.test.core.app.ActivityScenario",
        "androidx.test.core.app.ApplicationProvider",
        "androidx.test.ext.junit.runners.AndroidJUnit4",
        "org.junit.After",
        "org.junit.Before",
        "org.junit.runner.RunWith",
    ),
    """
    private lateinit var scenario: ActivityScenario<Activity>

    @Before
    fun open() {
        val context = ApplicationProvider.getApplicationContext<Context>()
        val launcher = checkNotNull(context.packageManager.getLaunchIntentForPackage(context.packageName)) {
            "${context.packageName} has no launcher activity"
        }
        scenario = ActivityScenario.launch(launcher)
    }

    @After
    fun close() {
        scenario.close()
    }
""",
)

_COMPOSE = _Half(
    (
        'androidTestImplementation(platform("androidx.compose:compose-bom:2024.09.00"))',
        'androidTestImplementation("androidx.compose.ui:ui-test-junit4")',
    ),
    (
        "androidx.compose.ui.semantics.SemanticsProperties",
        "androidx.compose.ui.semantics.getOrNull",
        "androidx.compose.ui.state.ToggleableState",
        "androidx.compose.ui.test.ComposeTimeoutException",
        "androidx.compose.ui.test.SemanticsMatcher",
        "androidx.compose.ui.test.SemanticsNodeInteraction",
        "androidx.compose.ui.test.assertIsDisplayed",
        "androidx.compose.ui.test.assertIsOff",
        "androidx.compose.ui.test.assertIsOn",
        "androidx.compose.ui.test.hasScrollToNodeAction",
        "androidx.compose.ui.test.junit4.createEmptyComposeRule",
        "androidx.compose.ui.test.performClick",
        "androidx.compose.ui.test.performScrollTo",
        "androidx.compose.ui.test.performScrollToNode",
        "org.junit.Rule",
    ),
    """
    @get:Rule
    val compose = createEmptyComposeRule()

    /** Its tag begins so: data follow. */
    protected fun tagBegins(start: String) =
        SemanticsMatcher("tag begins with '$start'") {
            it.config.getOrNull(SemanticsProperties.TestTag)?.startsWith(start) == true
        }

    private fun found(matcher: SemanticsMatcher) =
        compose.onAllNodes(matcher).fetchSemanticsNodes(atLeastOneRootRequired = false).size

    /** It is shown, at once or when its data has come. Without a place nothing else may match. */
    protected fun appears(matcher: SemanticsMatcher, place: Int? = null) {
        try {
            compose.waitUntil(PATIENCE) { found(matcher) > (place ?: 0) }
        } catch (late: ComposeTimeoutException) {
            // The check below says what is missing.
        }
        val node = if (place == null) compose.onNode(matcher) else compose.onAllNodes(matcher)[place]
        node.assertIsDisplayed()
    }

    /** Brings it into view, in a list that has not made it yet too; where nothing scrolls, nothing is done. */
    protected fun scrollIfPossible(matcher: SemanticsMatcher, place: Int = 0) {
        try {
            if (found(matcher) > place) {
                compose.onAllNodes(matcher)[place].performScrollTo()
            } else {
                compose.onAllNodes(hasScrollToNodeAction())[0].performScrollToNode(matcher)
            }
        } catch (nothingScrolls: AssertionError) {
            // It stands in view, or it is missing: the check that follows tells.
        }
    }

    /** The same node from here on, whatever its words become: a placeholder goes once something is typed. */
    protected fun kept(node: SemanticsNodeInteraction): SemanticsNodeInteraction {
        val id = node.fetchSemanticsNode().id
        return compose.onNode(SemanticsMatcher("is the input that was found before") { it.id == id })
    }

    /** From either state to the other and back. */
    protected fun flips(node: SemanticsNodeInteraction) {
        val state = node.fetchSemanticsNode().config.getOrNull(SemanticsProperties.ToggleableState)
        val on = state == ToggleableState.On
        node.performClick()
        if (on) node.assertIsOff() else node.assertIsOn()
        node.performClick()
        if (on) node.assertIsOn() else node.assertIsOff()
    }
""",
)

_VIEWS = _Half(
    (),
    (
        "android.graphics.Rect",
        "android.os.SystemClock",
        "android.text.method.PasswordTransformationMethod",
        "android.view.View",
        "android.widget.Checkable",
        "android.widget.TextView",
        "androidx.test.espresso.Espresso.onView",
        "androidx.test.espresso.EspressoException",
        "androidx.test.espresso.UiController",
        "androidx.test.espresso.ViewAction",
        "androidx.test.espresso.ViewInteraction",
        "androidx.test.espresso.action.ViewActions.click",
        "androidx.test.espresso.assertion.ViewAssertions.matches",
        "androidx.test.espresso.matcher.ViewMatchers.isChecked",
        "androidx.test.espresso.matcher.ViewMatchers.isDisplayed",
        "androidx.test.espresso.matcher.ViewMatchers.isNotChecked",
        "org.hamcrest.Description",
        "org.hamcrest.Matcher",
        "org.hamcrest.Matchers.any",
        "org.hamcrest.TypeSafeMatcher",
    ),
    """
    private fun view(matcher: Matcher<View>, place: Int?) = onView(if (place == null) matcher else nth(matcher, place))

    /** It is shown, at once or when its data has come. Without a place nothing else may match. */
    protected fun appears(matcher: Matcher<View>, place: Int? = null) {
        val last = SystemClock.uptimeMillis() + PATIENCE
        while (true) {
            try {
                view(matcher, place).check(matches(isDisplayed()))
                return
            } catch (notYet: Throwable) {
                if (notYet !is EspressoException && notYet !is AssertionError) throw notYet
                if (SystemClock.uptimeMillis() >= last) throw notYet
            }
            Thread.sleep(PAUSE)
        }
    }

    /** Brings it into view, in whatever scrolls; where nothing does, nothing is done. */
    protected fun scrollIfPossible(matcher: Matcher<View>, place: Int? = null) {
        try {
            view(matcher, place).perform(IntoView)
        } catch (missing: RuntimeException) {
            // The check that follows says that it is not there.
            if (missing !is EspressoException) throw missing
        }
    }

    /** Unlike Espresso's scrollTo it asks every parent, RecyclerView and NestedScrollView too, and demands none. */
    private object IntoView : ViewAction {
        override fun getConstraints(): Matcher<View> = any(View::class.java)

        override fun getDescription() = "bring into view"

        override fun perform(controller: UiController, view: View) {
            view.requestRectangleOnScreen(Rect(0, 0, view.width, view.height), true)
            controller.loopMainThreadUntilIdle()
        }
    }

    /** From either state to the other and back. */
    protected fun flips(view: ViewInteraction) {
        var on = false
        view.check { found, missing -> on = (found as? Checkable ?: throw missing).isChecked }
        view.perform(click()).check(matches(if (on) isNotChecked() else isChecked()))
        view.perform(click()).check(matches(if (on) isChecked() else isNotChecked()))
    }

    /** Of several views that match, the one at a place, from 0, in the order of the screen. */
    protected fun nth(matcher: Matcher<View>, place: Int): Matcher<View> = object : TypeSafeMatcher<View>() {
        private val met = mutableListOf<View>()

        override fun matchesSafely(view: View): Boolean {
            if (matcher.matches(view) && view !in met) met += view
            return met.getOrNull(place) === view
        }

        override fun describeTo(description: Description) {
            description.appendText("match $place of ").appendDescriptionOf(matcher)
        }
    }

    /** What is typed here is not shown. */
    protected fun isMasked(): Matcher<View> = object : TypeSafeMatcher<View>() {
        override fun matchesSafely(view: View): Boolean =
            (view as? TextView)?.transformationMethod is PasswordTransformationMethod

        override fun describeTo(description: Description) {
            description.appendText("hides what is typed")
        }
    }
""",
)

_CONSTANTS = """
    private companion object {
        /** Milliseconds that a screen has to show what it loads. */
        const val PATIENCE = 5_000L
"""
_PAUSE = """
        /** Milliseconds between two looks. */
        const val PAUSE = 100L
"""


def base(package: str, frameworks: AbstractSet[str]) -> str:
    """The class that all tests extend, in Kotlin.

    Args:
        frameworks: ``android`` for screens of views, ``compose``, or both: an app need not have the libraries of the
            one that it does not use, and a single import of them would keep all tests from compiling.
    """
    told = {"compose": _COMPOSE, "android": _VIEWS}
    halves = (_SHARED, *(half for name, half in told.items() if name in frameworks))
    lines = [
        f"package {package}",
        "",
        "// These tests belong into src/androidTest of the app's module. Its build.gradle.kts needs, in these versions",
        '// or newer ones, testInstrumentationRunner = "androidx.test.runner.AndroidJUnitRunner" in defaultConfig and',
        *(f"//     {line}" for half in halves for line in half.needs),
        "",
        *(f"import {name}" for name in sorted({name for half in halves for name in half.imports})),
        "",
        "/** Opens the app before each test as a person does: by its launcher. */",
        "@RunWith(AndroidJUnit4::class)",
        "abstract class AppTest {",
    ]
    members = "".join(half.members for half in halves).lstrip("\n")
    constants = _CONSTANTS + (_PAUSE if "android" in frameworks else "") + "    }\n"
    return "\n".join(lines) + "\n" + members + constants + "}\n"
