// Signatures of Android that generated tests use, by hand: enough to compile, nothing to run.
package android.content

open class Intent

open class Context {
    val packageManager: android.content.pm.PackageManager get() = TODO()
    val packageName: String get() = TODO()
}
