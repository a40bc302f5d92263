package org.example.bookshelf.screens

import androidx.compose.foundation.clickable
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.lazy.LazyColumn
import androidx.compose.foundation.lazy.items
import androidx.compose.material.icons.Icons
import androidx.compose.material.icons.filled.Add
import androidx.compose.material.icons.filled.MoreVert
import androidx.compose.material.icons.filled.Settings
import androidx.compose.material3.DropdownMenu
import androidx.compose.material3.DropdownMenuItem
import androidx.compose.material3.ExperimentalMaterial3Api
import androidx.compose.material3.FilterChip
import androidx.compose.material3.FloatingActionButton
import androidx.compose.material3.Icon
import androidx.compose.material3.IconButton
import androidx.compose.material3.Scaffold
import androidx.compose.material3.Text
import androidx.compose.material3.TopAppBar
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.res.pluralStringResource
import androidx.compose.ui.res.stringResource
import androidx.compose.ui.unit.dp
import org.example.bookshelf.Book
import org.example.bookshelf.Library
import org.example.bookshelf.R
import org.example.bookshelf.Shelf

@OptIn(ExperimentalMaterial3Api::class)
@Composable
fun ShelfScreen(onBookClick: (Book) -> Unit, onAddClick: () -> Unit, onSettingsClick: () -> Unit) {
    val books = remember { Library.shared.books }
    Scaffold(
        topBar = {
            TopAppBar(
                title = { Text(stringResource(R.string.shelf)) },
                actions = {
                    IconButton(onClick = onSettingsClick) {
                        Icon(Icons.Filled.Settings, contentDescription = stringResource(R.string.settings))
                    }
                    SortMenu()
                },
            )
        },
        floatingActionButton = {
            FloatingActionButton(onClick = onAddClick, modifier = Modifier.testTag("add_book")) {
                Icon(Icons.Filled.Add, contentDescription = stringResource(R.string.add_book))
            }
        },
    ) { padding ->
        Column(Modifier.padding(padding)) {
            ShelfFilters()
            Text(pluralStringResource(R.plurals.books_found, books.size, books.size))
            if (books.isEmpty()) {
                Text(stringResource(R.string.no_books))
            }
            LazyColumn(Modifier.testTag("books")) {
                items(books) { book ->
                    BookRow(book, onClick = { onBookClick(book) })
                }
            }
        }
    }
}

@Composable
private fun ShelfFilters() {
    var chosen by remember { mutableStateOf<Shelf?>(null) }
    Row {
        Shelf.entries.forEach { shelf ->
            FilterChip(
                selected = chosen == shelf,
                onClick = { chosen = shelf },
                label = { Text(stringResource(shelf.label)) },
                modifier = Modifier.testTag(shelf.tag),
            )
        }
    }
}

@Composable
private fun BookRow(book: Book, onClick: () -> Unit) {
    Row(
        Modifier
            .fillMaxWidth()
            .clickable(onClick = onClick)
            .padding(16.dp),
    ) {
        Column {
            Text(book.title)
            Text(book.author)
        }
    }
}

@Composable
private fun SortMenu() {
    var open by remember { mutableStateOf(false) }
    Box {
        IconButton(onClick = { open = true }) {
            Icon(Icons.Filled.MoreVert, contentDescription = stringResource(R.string.more))
        }
        DropdownMenu(expanded = open, onDismissRequest = { open = false }) {
            DropdownMenuItem(text = { Text(stringResource(R.string.sort_by_title)) }, onClick = { open = false })
            DropdownMenuItem(text = { Text(stringResource(R.string.sort_by_author)) }, onClick = { open = false })
        }
    }
}
