// Signatures of Hamcrest that generated tests use, by hand.
package org.hamcrest

interface Description {
    fun appendText(text: String): Description
    fun appendDescriptionOf(value: SelfDescribing): Description
}

interface SelfDescribing { fun describeTo(description: Description) }

interface Matcher<T> : SelfDescribing { fun matches(item: Any?): Boolean }

abstract class TypeSafeMatcher<T> : Matcher<T> {
    protected abstract fun matchesSafely(item: T): Boolean
    final override fun matches(item: Any?): Boolean = TODO()
}

object Matchers {
    fun <T> any(type: Class<T>): Matcher<T> = TODO()
    fun <T> allOf(vararg matchers: Matcher<in T>): Matcher<T> = TODO()
    fun <T> not(matcher: Matcher<T>): Matcher<T> = TODO()
    fun startsWith(prefix: String): Matcher<String> = TODO()
}
