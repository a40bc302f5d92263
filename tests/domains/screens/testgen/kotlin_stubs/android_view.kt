// Signatures of Android that generated tests use, by hand: enough to compile, nothing to run.
package android.view

open class View {
    val width: Int get() = TODO()
    val height: Int get() = TODO()

    fun requestRectangleOnScreen(rectangle: android.graphics.Rect, immediate: Boolean): Boolean = TODO()
}
