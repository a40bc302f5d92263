// Signatures of androidx.test that generated tests use, by hand.
package androidx.test.core.app

object ApplicationProvider { fun <T : android.content.Context> getApplicationContext(): T = TODO() }

class ActivityScenario<A : android.app.Activity> : java.io.Closeable {
    override fun close() = TODO()

    companion object { fun <A : android.app.Activity> launch(intent: android.content.Intent): ActivityScenario<A> = TODO() }
}
