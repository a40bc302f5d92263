package org.example.bookshelf

import androidx.annotation.StringRes
import androidx.compose.runtime.mutableStateListOf

data class Book(val id: Int, val title: String, val author: String)

enum class Genre(@StringRes val label: Int) {
    NOVEL(R.string.genre_novel),
    SCIENCE(R.string.genre_science),
    POETRY(R.string.genre_poetry),
}

enum class Shelf(@StringRes val label: Int, val tag: String) {
    UNREAD(R.string.filter_unread, "filter_unread"),
    LENT(R.string.filter_lent, "filter_lent"),
}

/** The books of this phone. */
class Library {
    val books = mutableStateListOf<Book>()

    fun find(id: Int): Book? = books.firstOrNull { it.id == id }

    companion object {
        val shared = Library()

        init {
            shared.books += Book(1, "Moby Dick", "Herman Melville")
            shared.books += Book(2, "Emma", "Jane Austen")
            shared.books += Book(3, "Dead Souls", "Nikolai Gogol")
        }
    }
}
