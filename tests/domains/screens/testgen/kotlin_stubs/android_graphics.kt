// Signatures of Android that generated tests use, by hand: enough to compile, nothing to run.
package android.graphics

class Rect(left: Int, top: Int, right: Int, bottom: Int)
