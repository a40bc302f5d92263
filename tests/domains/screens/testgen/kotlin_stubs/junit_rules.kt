// Signatures of JUnit 4 that generated tests use, by hand.
package org.junit.rules

interface TestRule
