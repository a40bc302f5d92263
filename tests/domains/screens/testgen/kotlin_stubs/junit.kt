// Signatures of JUnit 4 that generated tests use, by hand.
package org.junit

annotation class Test
annotation class Before
annotation class After
annotation class Ignore(val value: String = "")
annotation class Rule
