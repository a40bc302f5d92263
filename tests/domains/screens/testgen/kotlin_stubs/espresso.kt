// Signatures of Espresso that generated tests use, by hand.
package androidx.test.espresso

import android.view.View
import org.hamcrest.Matcher

interface UiController { fun loopMainThreadUntilIdle() }

interface ViewAction {
    fun getConstraints(): Matcher<View>
    fun getDescription(): String
    fun perform(controller: UiController, view: View)
}

interface EspressoException

class NoMatchingViewException : RuntimeException(), EspressoException

fun interface ViewAssertion { fun check(view: View?, missing: NoMatchingViewException) }

class ViewInteraction {
    fun perform(vararg actions: ViewAction): ViewInteraction = TODO()
    fun check(assertion: ViewAssertion): ViewInteraction = TODO()
}

object Espresso {
    fun onView(matcher: Matcher<View>): ViewInteraction = TODO()
    fun pressBack() { TODO() }
}
