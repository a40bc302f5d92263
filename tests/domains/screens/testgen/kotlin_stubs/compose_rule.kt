// Signatures of Compose's JUnit rule that generated tests use, by hand.
package androidx.compose.ui.test.junit4

import androidx.compose.ui.test.SemanticsNodeInteractionsProvider

interface ComposeTestRule : org.junit.rules.TestRule, SemanticsNodeInteractionsProvider {
    fun waitUntil(timeoutMillis: Long = 1_000, condition: () -> Boolean)
}

fun createEmptyComposeRule(): ComposeTestRule = TODO()
