// Signatures of androidx.test that generated tests use, by hand.
package androidx.test.ext.junit.runners

class AndroidJUnit4 : org.junit.runner.Runner()
