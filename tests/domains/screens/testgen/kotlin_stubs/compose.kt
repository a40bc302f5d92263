// Signatures of Compose's semantics that generated tests use, by hand.
package androidx.compose.ui.semantics

class SemanticsPropertyKey<T>(val name: String)

class SemanticsConfiguration

fun <T> SemanticsConfiguration.getOrNull(key: SemanticsPropertyKey<T>): T? = TODO()

class SemanticsNode {
    val id: Int get() = TODO()
    val config: SemanticsConfiguration get() = TODO()
}

object SemanticsProperties {
    val Password: SemanticsPropertyKey<Unit> get() = TODO()
    val TestTag: SemanticsPropertyKey<String> get() = TODO()
    val ToggleableState: SemanticsPropertyKey<androidx.compose.ui.state.ToggleableState> get() = TODO()
}
