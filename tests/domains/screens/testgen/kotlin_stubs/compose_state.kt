// Signatures of Compose's state that generated tests use, by hand.
package androidx.compose.ui.state

enum class ToggleableState { On, Off, Indeterminate }
