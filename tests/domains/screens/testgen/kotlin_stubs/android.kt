// Signatures of Android that generated tests use, by hand: enough to compile, nothing to run.
package android.app

open class Activity
