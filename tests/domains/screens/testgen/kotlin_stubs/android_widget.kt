// Signatures of Android that generated tests use, by hand: enough to compile, nothing to run.
package android.widget

interface Checkable { var isChecked: Boolean }

open class TextView : android.view.View() {
    var transformationMethod: android.text.method.TransformationMethod? = null
}
