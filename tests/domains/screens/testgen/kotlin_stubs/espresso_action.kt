// Signatures of Espresso's actions that generated tests use, by hand.
package androidx.test.espresso.action

import androidx.test.espresso.ViewAction

object ViewActions {
    fun click(): ViewAction = TODO()
    fun closeSoftKeyboard(): ViewAction = TODO()
    fun replaceText(text: String): ViewAction = TODO()
}
