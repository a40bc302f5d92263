package org.example.bookshelf.screens

import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.text.KeyboardOptions
import androidx.compose.material3.DropdownMenuItem
import androidx.compose.material3.ExperimentalMaterial3Api
import androidx.compose.material3.ExposedDropdownMenuBox
import androidx.compose.material3.MenuAnchorType
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.Scaffold
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.res.stringResource
import androidx.compose.ui.text.input.KeyboardType
import org.example.bookshelf.Genre
import org.example.bookshelf.R
import org.example.bookshelf.ui.AppButton
import org.example.bookshelf.ui.BackBar
import org.example.bookshelf.ui.ChoiceRow
import org.example.bookshelf.ui.LabelledField

private const val MOST_PAGES_DIGITS = 4

@Composable
fun AddBookScreen(onBack: () -> Unit) {
    var title by rememberSaveable { mutableStateOf("") }
    var author by rememberSaveable { mutableStateOf("") }
    var pages by rememberSaveable { mutableStateOf("") }
    var onPaper by rememberSaveable { mutableStateOf(true) }

    Scaffold(topBar = { BackBar(R.string.add_book, onBack) }) { padding ->
        Column(Modifier.padding(padding)) {
            LabelledField(R.string.book_title, title, { title = it }, tag = "title")
            OutlinedTextField(
                value = author,
                onValueChange = { author = it },
                label = { Text(stringResource(R.string.author)) },
                singleLine = true,
            )
            LabelledField(
                label = R.string.pages,
                value = pages,
                onValueChange = { typed ->
                    val digits = typed.filter { it.isDigit() }
                    if (digits.length <= MOST_PAGES_DIGITS) pages = digits
                },
                tag = "pages",
                keyboardOptions = KeyboardOptions(keyboardType = KeyboardType.Number),
            )
            GenreField()
            ChoiceRow(R.string.paper, selected = onPaper, onClick = { onPaper = true }, tag = "paper")
            ChoiceRow(R.string.ebook, selected = !onPaper, onClick = { onPaper = false }, tag = "ebook")
            AppButton(R.string.save, onClick = onBack, modifier = Modifier.testTag("save"))
        }
    }
}

@OptIn(ExperimentalMaterial3Api::class)
@Composable
private fun GenreField() {
    var genre by rememberSaveable { mutableStateOf(Genre.NOVEL) }
    var open by rememberSaveable { mutableStateOf(false) }
    ExposedDropdownMenuBox(expanded = open, onExpandedChange = { open = it }) {
        OutlinedTextField(
            value = stringResource(genre.label),
            onValueChange = {},
            readOnly = true,
            label = { Text(stringResource(R.string.genre)) },
            modifier = Modifier.menuAnchor(MenuAnchorType.PrimaryNotEditable).testTag("genre"),
        )
        ExposedDropdownMenu(expanded = open, onDismissRequest = { open = false }) {
            Genre.entries.forEach { one ->
                DropdownMenuItem(
                    text = { Text(stringResource(one.label)) },
                    onClick = {
                        genre = one
                        open = false
                    },
                )
            }
        }
    }
}
