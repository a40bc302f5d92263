// Signatures of Android that generated tests use, by hand: enough to compile, nothing to run.
package android.os

object SystemClock { fun uptimeMillis(): Long = TODO() }
