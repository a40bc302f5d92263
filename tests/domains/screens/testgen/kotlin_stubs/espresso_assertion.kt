// Signatures of Espresso's assertions that generated tests use, by hand.
package androidx.test.espresso.assertion

import android.view.View
import androidx.test.espresso.ViewAssertion
import org.hamcrest.Matcher

object ViewAssertions { fun matches(matcher: Matcher<in View>): ViewAssertion = TODO() }
