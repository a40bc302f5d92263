// Signatures of Espresso's matchers that generated tests use, by hand.
package androidx.test.espresso.matcher

import android.view.View
import org.hamcrest.Matcher

object ViewMatchers {
    fun isChecked(): Matcher<View> = TODO()
    fun isNotChecked(): Matcher<View> = TODO()
    fun isClickable(): Matcher<View> = TODO()
    fun isDescendantOfA(ancestorMatcher: Matcher<View>): Matcher<View> = TODO()
    fun isDisplayed(): Matcher<View> = TODO()
    fun isEnabled(): Matcher<View> = TODO()
    fun withContentDescription(text: String): Matcher<View> = TODO()
    fun withHint(text: String): Matcher<View> = TODO()
    fun withResourceName(name: String): Matcher<View> = TODO()
    fun withText(text: String): Matcher<View> = TODO()
    fun withText(matcher: Matcher<String>): Matcher<View> = TODO()
}
