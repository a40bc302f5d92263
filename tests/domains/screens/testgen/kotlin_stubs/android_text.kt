// Signatures of Android that generated tests use, by hand: enough to compile, nothing to run.
package android.text.method

interface TransformationMethod

open class PasswordTransformationMethod : TransformationMethod
