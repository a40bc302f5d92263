// Signatures of JUnit 4 that generated tests use, by hand.
package org.junit.runner

import kotlin.reflect.KClass

abstract class Runner

annotation class RunWith(val value: KClass<out Runner>)
