// Signatures of Compose's test library that generated tests use, by hand.
package androidx.compose.ui.test

import androidx.compose.ui.semantics.SemanticsNode
import androidx.compose.ui.semantics.SemanticsPropertyKey

class SemanticsMatcher(val description: String, matcher: (SemanticsNode) -> Boolean) {
    operator fun not(): SemanticsMatcher = TODO()
    infix fun and(other: SemanticsMatcher): SemanticsMatcher = TODO()

    companion object {
        fun <T> keyIsDefined(key: SemanticsPropertyKey<T>): SemanticsMatcher = TODO()
    }
}

class SemanticsNodeInteraction { fun fetchSemanticsNode(errorMessageOnFail: String? = null): SemanticsNode = TODO() }

class SemanticsNodeInteractionCollection {
    operator fun get(index: Int): SemanticsNodeInteraction = TODO()
    fun fetchSemanticsNodes(atLeastOneRootRequired: Boolean = true, errorMessageOnFail: String? = null): List<SemanticsNode> = TODO()
}

class ComposeTimeoutException(message: String?) : Throwable(message)

interface SemanticsNodeInteractionsProvider {
    fun onNode(matcher: SemanticsMatcher, useUnmergedTree: Boolean = false): SemanticsNodeInteraction
    fun onAllNodes(matcher: SemanticsMatcher, useUnmergedTree: Boolean = false): SemanticsNodeInteractionCollection
}

fun hasText(text: String, substring: Boolean = false, ignoreCase: Boolean = false): SemanticsMatcher = TODO()
fun hasTestTag(testTag: String): SemanticsMatcher = TODO()
fun hasContentDescription(value: String, substring: Boolean = false, ignoreCase: Boolean = false): SemanticsMatcher = TODO()
fun hasScrollToNodeAction(): SemanticsMatcher = TODO()
fun hasClickAction(): SemanticsMatcher = TODO()
fun hasAnyAncestor(matcher: SemanticsMatcher): SemanticsMatcher = TODO()

fun SemanticsNodeInteraction.performClick(): SemanticsNodeInteraction = TODO()
fun SemanticsNodeInteraction.performScrollTo(): SemanticsNodeInteraction = TODO()
fun SemanticsNodeInteraction.performScrollToNode(matcher: SemanticsMatcher): SemanticsNodeInteraction = TODO()
fun SemanticsNodeInteraction.performTextReplacement(text: String) { TODO() }
fun SemanticsNodeInteraction.assert(matcher: SemanticsMatcher, messagePrefixOnError: (() -> String)? = null): SemanticsNodeInteraction = TODO()
fun SemanticsNodeInteraction.assertIsDisplayed(): SemanticsNodeInteraction = TODO()
fun SemanticsNodeInteraction.assertIsEnabled(): SemanticsNodeInteraction = TODO()
fun SemanticsNodeInteraction.assertIsOn(): SemanticsNodeInteraction = TODO()
fun SemanticsNodeInteraction.assertIsOff(): SemanticsNodeInteraction = TODO()
fun SemanticsNodeInteraction.assertIsSelected(): SemanticsNodeInteraction = TODO()
fun SemanticsNodeInteraction.assertIsNotSelected(): SemanticsNodeInteraction = TODO()
fun SemanticsNodeInteraction.assertTextEquals(vararg values: String, includeEditableText: Boolean = true): SemanticsNodeInteraction = TODO()
fun SemanticsNodeInteraction.assertTextContains(value: String, substring: Boolean = false, ignoreCase: Boolean = false): SemanticsNodeInteraction = TODO()
